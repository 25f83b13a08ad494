"""What every command shares: which store, which language, who, and how results are shown."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from core.cli.output import Outcome, Watched, show
from core.errors import GridLinkError
from core.i18n import _
from core.security import accounts, keys
from core.security.workspace import Workspace, utc_now
from core.settings import default_store_path
from core.store.engine import Store, is_server
from core.store.lifecycle import open_store


class LoginRequired(GridLinkError):
    """The command reads or changes a store and nobody is logged in."""

    code = "login_required"


@dataclass
class Session:
    """One run of the client from the command line."""

    location: str
    as_json: bool = False
    exit_code: int = 0
    _opened: list[Store] = field(default_factory=list)

    def store(self) -> Store:
        """Opens the store with its key from the environment or the keyring; ``close`` closes it."""
        store = open_store(self.location, "" if is_server(self.location) else keys.store_key(self.location))
        self._opened.append(store)
        return store

    def close(self) -> None:
        """Closes what the command opened."""
        while self._opened:
            self._opened.pop().close()

    def workspace(self) -> Workspace:
        """Opens the store and logs in the user named in the environment."""
        store = self.store()
        name, password = os.environ.get("GRIDLINK_USER", ""), os.environ.get("GRIDLINK_PASSWORD", "")
        if not name or not password:
            raise LoginRequired(
                _("Nobody is logged in: this command works in a store."),
                cure=_("Set GRIDLINK_USER and GRIDLINK_PASSWORD."),
            )
        return Workspace(store, accounts.authenticate(store, name, password, clock=utc_now))

    def watched(self) -> Watched:
        """Progress on the terminal, unless the output is for a script."""
        return Watched(quiet=self.as_json)

    def finish(self, outcome: Outcome) -> None:
        """Shows the outcome and remembers the exit code."""
        self.exit_code = show(outcome, as_json=self.as_json)


def default_location() -> str:
    """The store named in GRIDLINK_STORE, else this user's own."""
    return os.environ.get("GRIDLINK_STORE") or str(default_store_path())


def command(name: str, group: click.Group | None = None) -> Callable[[Callable[..., Outcome]], click.Command]:
    """Declares a command that takes the session first, returns an outcome and understands ``--json``."""

    def declare(function: Callable[..., Outcome]) -> click.Command:
        @click.command(name, help=(function.__doc__ or "").split("\n\n", maxsplit=1)[0])
        @click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
        @click.pass_obj
        @functools.wraps(function)
        def run(session: Session, /, *, as_json: bool, **options: Any) -> None:
            session.as_json = session.as_json or as_json
            session.finish(function(session, **options))

        made: click.Command = run
        if group is not None:
            group.add_command(made)
        return made

    return declare


FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def written(rows: int, out: Path) -> Outcome:
    """What a command says that wrote a list into a file instead of showing it."""
    line = _("{rows} rows written to {path}.").format(rows=f"{rows:,}", path=out)
    return Outcome({"rows": rows, "out": str(out)}, [line])
