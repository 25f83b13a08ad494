import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.sources import ROOT

TOOLS = Path(sys.executable).parent


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_import_keeps_the_contracts():
    code, said = run(TOOLS / "lint-imports", "--no-cache")
    assert code == 0, said


def test_every_package_of_core_stands_on_a_floor():
    """import-linter checks it too; this names the package when a contract was loosened by mistake."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (floors,) = [c for c in settings["contracts"] if c.get("containers") == ["core"]]
    assert floors["exhaustive"]
    assert "ignore_imports" not in floors
    placed = {n.strip(" ()") for layer in floors["layers"] for n in layer.replace("|", ":").split(":")}
    present = {p.stem for p in (ROOT / "core").iterdir() if p.stem[0] != "_" and (p.is_dir() or p.suffix == ".py")}
    assert present <= placed


def test_ruff_finds_nothing():
    code, said = run(sys.executable, "-m", "ruff", "check", ".")
    assert code == 0, said


def test_mypy_finds_nothing():
    code, said = run(sys.executable, "-m", "mypy")
    assert code == 0, said


def test_mypy_is_strict_and_has_no_exemptions():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert {"core", "desktop"} <= set(settings["files"])
    assert not {"overrides", "exclude", "ignore_errors", "ignore_missing_imports"} & set(settings)
