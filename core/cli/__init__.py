"""The headless client: the fixed contract that scripts rely on."""

from core.waking import importing

with importing():
    from core.cli.main import main

__all__ = ["main"]
