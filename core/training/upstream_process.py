"""What makes one training system's process: its server, and whatever else its declaration says that it speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.exchange.connectors import connector
from core.exchange.declaration import Connector
from core.training.upstream_faults import FaultPlan
from core.training.upstream_identity import Identity, identity
from core.training.upstream_server import Handler, ReceiverHandler, Server
from core.training.upstream_store import ReceiverStore
from core.training.upstream_systems import PREFIXES, carried, rules_of


def open_system(
    system: str, folder: Path, faults: FaultPlan, *, port: int, mutual: bool, database: str
) -> tuple[Server, dict[str, Any]]:
    """The server of a system, not yet serving, and what its operator would hand over (``upstream.Facts``)."""
    it, own = connector(system), identity(folder)
    store = ReceiverStore(folder / "received.db", rules_of(system), PREFIXES.get(system, "T"))
    server = Server(
        port, own, store, faults, system=system, handler=_handler(it, folder, database), mutual=mutual
    )
    url = f"https://127.0.0.1:{server.server_address[1]}"
    told = {
        "target": system, "base_url": url, "ca_pem": own.ca_pem, "receipt_public_pem": own.receipt_public_pem,
        "token": own.token, "control_url": url, "control_ca": own.ca_pem, "certificate": own.client_certificate,
        "secrets": _secrets(it, own),
    }  # fmt: skip
    opened = {"sftp": _sftp, "ferry": _ferry, "database": _database}.get(it.transport.kind)
    return server, told | (opened(it, folder, server, database) if opened else {})


def _secrets(it: Connector, own: Identity) -> dict[str, str]:
    known = {"token": own.token, "client_key": own.client_key, "signing_key": own.token, "client_id": it.target,
             "client_secret": own.token, "password": own.token}  # fmt: skip
    return {name: known[name] for name in it.authentication.secrets if name in known}


def _handler(it: Connector, folder: Path, database: str) -> type[Handler]:
    if not it.extract:
        return ReceiverHandler
    from core.training.upstream_desk import Desk  # noqa: PLC0415 - as below
    from core.training.upstream_records import Records  # noqa: PLC0415 - polars and SQLAlchemy take their second only here
    from core.training.upstream_source import SourceHandler  # noqa: PLC0415 - as above

    url = database or f"sqlite:///{folder / 'records.db'}"
    records = Records(url, it)
    shared = {"records": records, "desk": Desk(records, it), "exports": folder / "exports"}
    made: type[Handler] = type("Source", (SourceHandler,), shared)
    return made


def _sftp(it: Connector, folder: Path, server: Server, database: str) -> dict[str, Any]:
    from core.training import upstream_sftp  # noqa: PLC0415 - a receiver over HTTPS needs no SSH
    from core.training.upstream_drop import Drop  # noqa: PLC0415 - as above

    base = folder / "sftp"
    drop = Drop(base, it.receiver, routes=it.routes, identity=server.identity, store=server.store,
                faults=server.faults)  # fmt: skip
    drop.start()
    server.drops.append(drop)
    port = upstream_sftp.start(base, folder, server.faults)
    host, client = upstream_sftp.keys(folder)
    return {
        "base_url": f"sftp://{upstream_sftp.USER}@127.0.0.1:{port}/",
        "ca_pem": host.export_public_key().decode().strip(),
        "secrets": {"private_key": client.export_private_key().decode()},
    }


def _ferry(it: Connector, folder: Path, server: Server, database: str) -> dict[str, Any]:
    from core.training.upstream_drop import Drop  # noqa: PLC0415 - a receiver over HTTPS has no folders

    base = folder / "ferry"
    own = it.routes
    Drop(
        base, it.receiver, routes=own, identity=server.identity, store=server.store, faults=server.faults
    ).start()
    carries = {}
    for name in carried(it.target):
        there = ReceiverStore(folder / f"received-{name}.db", rules_of(name), PREFIXES.get(name, "T"))
        Drop(
            base / name, name, routes=own, identity=server.identity, store=there, faults=server.faults
        ).start()
        carries[name] = (base / name).as_uri()
    return {"base_url": base.as_uri(), "ca_pem": "", "carries": carries}


def _database(it: Connector, folder: Path, server: Server, database: str) -> dict[str, Any]:
    from core.training.upstream_desk import Desk  # noqa: PLC0415 - SQLAlchemy takes its second only here
    from core.training.upstream_drop import Drop  # noqa: PLC0415 - as above

    exports, desk = folder / "exports", getattr(server.RequestHandlerClass, "desk")  # noqa: B009 - set on the class made here
    assert isinstance(desk, Desk)
    Drop(exports, it.receiver, routes={n: it.routes[n] for n in ("out", "receipts", "done")}, identity=server.identity,
         store=desk, faults=server.faults).start()  # fmt: skip
    desk.start(server.faults)
    return {
        "base_url": database or f"sqlite:///{folder / 'records.db'}", "ca_pem": "",
        "exports": exports.as_uri(),
    }  # fmt: skip
