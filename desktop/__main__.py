"""``python -m desktop``."""

import sys

from core.waking import importing


def main() -> int:
    """Starts the desktop."""
    with importing():
        from desktop import app  # noqa: PLC0415 - imported under the eyes of ``importing``
    return app.main()


if __name__ == "__main__":
    sys.exit(main())
