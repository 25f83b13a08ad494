"""Two languages: English in the source, Chinese from ``resources/i18n``, chosen once per process.

The catalogue is kept as one ``.po`` file per floor of the house; together they are one gettext domain.
``_`` translates now, ``N_`` only marks a text that is translated where it is shown (rules, labels).
"""

from __future__ import annotations

import functools
import gettext
from io import BytesIO
from typing import Literal

from core.settings import RESOURCES

Language = Literal["zh", "en"]
CATALOGUES = RESOURCES / "i18n" / "zh_CN"

_translations: gettext.NullTranslations = gettext.NullTranslations()
_language: Language = "en"


def set_language(language: Language) -> None:
    """Chooses the language of every text from here on; texts already made stay as they are."""
    global _translations, _language  # noqa: PLW0603 - one language per process is the point
    _language = language
    _translations = _chinese() if language == "zh" else gettext.NullTranslations()


def language() -> Language:
    """The language in force."""
    return _language


def _(message: str) -> str:
    """The text in the language in force."""
    return _translations.gettext(message) if message else ""


def in_chinese(message: str) -> str:
    """The Chinese text whatever the language in force: what people write in sheets is read in both."""
    return _chinese().gettext(message) if message else ""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Marks a text for translation and returns it unchanged."""
    return message


def ngettext(singular: str, plural: str, n: int) -> str:
    """The text for ``n`` things in the language in force."""
    return _translations.ngettext(singular, plural, n)


@functools.cache
def _chinese() -> gettext.GNUTranslations:
    from babel.messages.catalog import Catalog  # noqa: PLC0415 - English start-up need not pay for Babel
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - as above
    from babel.messages.pofile import read_po  # noqa: PLC0415 - as above

    merged = Catalog(locale="zh_CN")
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if message.id:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
