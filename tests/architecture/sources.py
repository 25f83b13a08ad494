"""The project's own files, found without git so that a bare copy is tested too."""

import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "desktop", "installer", "resources", "tests", ".ci")
TEXTS = {".py", ".md", ".toml", ".po", ".js", ".css", ".html", ".typ", ".ini", ".mako", ".sh", ".csv", ""}


@functools.cache
def files():
    """Every text file of the project, vendored ones (below a folder ``vendor``) left out."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found += [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml"}]
    return [
        path
        for path in sorted(found)
        if path.is_file() and path.suffix in TEXTS and not {"__pycache__", "vendor"} & set(path.parts)
    ]


def product_modules():
    """The Python modules that are shipped."""
    shipped = {"core", "desktop", "installer"}
    return [p for p in files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in shipped]


def name(path):
    """A file as its path from the project's root."""
    return path.relative_to(ROOT).as_posix()
