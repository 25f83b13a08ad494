"""The design tokens, light and dark, and everything that is made from them: palette, style sheet, fonts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from string import Template
from typing import Final, Literal

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from core.settings import RESOURCES

Scheme = Literal["light", "dark"]
Status = Literal["error", "warning", "notice", "done", "waiting", "unchecked"]

XS, S, M, L, XL = 4, 8, 12, 16, 24
"""Spacing."""
RADIUS: Final = 6
ROW: Final = 28
FAMILIES: Final = (
    "Microsoft YaHei UI",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "sans-serif",
)
MONOSPACE: Final = ("Cascadia Mono", "Consolas", "Noto Sans Mono CJK SC", "DejaVu Sans Mono", "monospace")


@dataclass(frozen=True)
class Tokens:
    """The colours of one scheme; text on its ground keeps a contrast of 4.5 or more."""

    ground: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_soft: str
    selection: str
    error: str
    warning: str
    notice: str
    done: str
    waiting: str
    unchecked: str

    def status(self, name: Status) -> str:
        """The colour of a status; it is always shown with its icon and word."""
        return str(getattr(self, name))


LIGHT: Final = Tokens(
    ground="#F3F5F9", surface="#FFFFFF", raised="#FAFBFD", line="#DDE3EC", text="#1B2433", muted="#566377",
    accent="#1F4E8C", on_accent="#FFFFFF", accent_soft="#E6EEF9", selection="#DCE8F8",
    error="#B3261E", warning="#8A5300", notice="#1F5FA8", done="#1B6E3C", waiting="#5B4B9A", unchecked="#5F6B7C",
)  # fmt: skip
DARK: Final = Tokens(
    ground="#12161D", surface="#1A202A", raised="#212936", line="#313B4A", text="#E6EBF3", muted="#A0ADBF",
    accent="#6FA8FF", on_accent="#0B1626", accent_soft="#1F2D45", selection="#263B5C",
    error="#FF8A80", warning="#FFC166", notice="#82B7FF", done="#7BD69B", waiting="#B9A7FF", unchecked="#A0ADBF",
)  # fmt: skip

_SCHEMES: Final[dict[Scheme, Tokens]] = {"light": LIGHT, "dark": DARK}
_current: Scheme = "light"


def scheme() -> Scheme:
    """The scheme in force."""
    return _current


def tokens() -> Tokens:
    """The tokens in force."""
    return _SCHEMES[_current]


def apply(application: QApplication, chosen: Scheme) -> None:
    """Dresses the whole application in a scheme."""
    global _current  # noqa: PLW0603 - one scheme per process is the point
    _current = chosen
    icon.cache_clear()
    application.setStyle("Fusion")
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPixelSize(13)
    application.setFont(font)
    application.setPalette(_palette(tokens()))
    application.setStyleSheet(style_sheet(tokens()))


def monospace() -> QFont:
    """The face of codes."""
    font = QFont()
    font.setFamilies(list(MONOSPACE))
    font.setPixelSize(12)
    return font


def brush(token: str) -> QBrush:
    """A token of the scheme in force as a brush, for items."""
    return QBrush(QColor(str(getattr(tokens(), token))))


@lru_cache(maxsize=256)
def icon(name: str, colour: str = "", size: int = 20) -> QIcon:
    """One of our icons, drawn in a colour (the muted text colour unless named)."""
    return QIcon(pixmap(name, colour, size))


def pixmap(name: str, colour: str = "", size: int = 20) -> QPixmap:
    """The icon's picture at twice its size, so that it is sharp on dense screens."""
    svg = (
        (RESOURCES / "icons" / f"{name}.svg")
        .read_text("utf-8")
        .replace("currentColor", colour or tokens().muted)
    )
    picture = QPixmap(QSize(size * 2, size * 2))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    picture.setDevicePixelRatio(2)
    return picture


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2), 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    wanted = QColor(colour)
    parts = (wanted.redF(), wanted.greenF(), wanted.blueF())
    linear = [c / 12.92 if c <= 0.03928 else float(((c + 0.055) / 1.055) ** 2.4) for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, t.ground), (role.Base, t.surface), (role.AlternateBase, t.raised), (role.Text, t.text),
        (role.WindowText, t.text), (role.Button, t.surface), (role.ButtonText, t.text), (role.Highlight, t.selection),
        (role.HighlightedText, t.text), (role.ToolTipBase, t.raised), (role.ToolTipText, t.text),
        (role.PlaceholderText, t.muted), (role.Link, t.accent), (role.Mid, t.line),
    ):  # fmt: skip
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.muted))
    return palette


def style_sheet(t: Tokens) -> str:
    """The one style sheet; widgets name their part by object name or by the property ``kind``."""
    sizes = {"xs": XS, "s": S, "m": M, "l": L, "xl": XL, "radius": RADIUS, "icons": (RESOURCES / "icons").as_posix()}
    text = (RESOURCES / "desktop.qss").read_text("utf-8")
    return Template(text).substitute({**asdict(t), **{name: str(size) for name, size in sizes.items()}})
