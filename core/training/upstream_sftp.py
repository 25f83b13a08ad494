"""The training systems' SFTP server: one folder, one client key, and the faults of its file operations."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncssh

from core.training.upstream_faults import FaultPlan

USER = "gridlink"
_FILES = ("host_key", "sftp_client_key")


class _Folder(asyncssh.SFTPServer):
    """The folder as the client sees it.

    Faults on the routes ``sftp`` (writing) and ``rename``: full, unauthorised, reset_before_commit, slow.
    """

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], *, base: Path, faults: FaultPlan) -> None:
        super().__init__(channel, chroot=str(base).encode())
        self._faults, self._connection = faults, channel.get_connection()

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Opens a file, or fails as planned when it is to be written."""
        if pflags & asyncssh.FXF_WRITE:
            await self._misbehave("sftp")
        return super().open(path, pflags, attrs)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Renames, or breaks off as planned (route ``rename``)."""
        await self._misbehave("rename")
        super().posix_rename(oldpath, newpath)

    async def _misbehave(self, route: str) -> None:
        fault = self._faults.next(route)
        if fault is None:
            return
        if fault.kind == "full":
            raise asyncssh.SFTPFailure("no space left on device")
        if fault.kind == "unauthorised":
            raise asyncssh.SFTPPermissionDenied("not yours")
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind in {"reset_before_commit", "unavailable"}:
            self._connection.abort()
            raise asyncssh.SFTPConnectionLost("gone")


def keys(folder: Path) -> tuple[asyncssh.SSHKey, asyncssh.SSHKey]:
    """The server's host key and the client's key, made at the first start and kept."""
    for name in _FILES:
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    host, client = (asyncssh.read_private_key(folder / name) for name in _FILES)
    return host, client


def start(base: Path, folder: Path, faults: FaultPlan, port: int = 0) -> int:
    """Serves ``base`` beside the caller until the process ends; returns the port."""
    ready: list[int] = []
    listening = threading.Event()
    host, client = keys(folder)

    async def serve() -> None:
        server = await asyncssh.listen(
            "127.0.0.1", port, server_host_keys=[host],
            authorized_client_keys=asyncssh.import_authorized_keys(client.export_public_key().decode()),
            sftp_factory=lambda channel: _Folder(channel, base=base, faults=faults), password_auth=False,
        )  # fmt: skip
        ready.append(server.sockets[0].getsockname()[1])
        listening.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    if not listening.wait(20):
        raise RuntimeError("the training SFTP server did not start")
    return ready[0]
