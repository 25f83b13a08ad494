"""A training district made once, and a headless client that speaks the fixed contract."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.training.generator import TrainingDistrict, build_training

KEY = "cd" * 32
ACCESS = {"GRIDLINK_STORE_KEY": KEY, "GRIDLINK_USER": "chief", "GRIDLINK_PASSWORD": "a-good-phrase-1"}


@dataclass(frozen=True)
class Answer:
    """What a run of the client gave back."""

    code: int
    data: dict[str, Any]
    stderr: str


@dataclass(frozen=True)
class Client:
    """``gridlink --store … --json``; ``start`` runs it in a process of its own."""

    store: Path | str

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        line = [
            sys.executable,
            "-m",
            "core.cli",
            "--store",
            str(self.store),
            "--lang",
            "en",
            *map(str, words),
            "--json",
        ]
        return subprocess.Popen(
            line,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | ACCESS,
            encoding="utf-8",
        )

    def __call__(self, *words: str | Path) -> Answer:
        """The same entry in this process, which saves a second of start-up a call."""
        out, err = io.StringIO(), io.StringIO()
        before = {name: os.environ.get(name) for name in ACCESS}
        os.environ.update(ACCESS)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(["--store", str(self.store), "--lang", "en", *map(str, words), "--json"])
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
        return Answer(code, json.loads(out.getvalue()) if out.getvalue().strip() else {}, err.getvalue())

    def ok(self, *words: str | Path) -> dict[str, Any]:
        answer = self(*words)
        assert answer.code == 0, (answer.data, answer.stderr)
        return answer.data


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> TrainingDistrict:
    return build_training(tmp_path_factory.mktemp("training"), people=1500, seed=7, error_rate=0.02)


@pytest.fixture(scope="session")
def packages(district: TrainingDistrict) -> list[Path]:
    return sorted(Path(path) for path in district.packages)


@pytest.fixture(scope="session")
def truth(district: TrainingDistrict) -> list[dict[str, str]]:
    with Path(district.truth).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def client(tmp_path: Path, district: TrainingDistrict) -> Iterator[Client]:
    """A new store that trusts every sender of the training district."""
    client = Client(tmp_path / "库 store.db")
    client.ok("store", "init", "--admin", "chief", "--station", "320508")
    trust_all(client, district)
    yield client


def trust_all(client: Client, district: TrainingDistrict) -> None:
    folder = Path(district.truth).parent / "keys"
    for pem in sorted(folder.glob("*.pub.pem")):
        client.ok("key", "import-sender", pem.name.split(".")[0], pem, "--reason", "training")
