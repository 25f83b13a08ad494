import functools
import re

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.cli import helping
from core.cli.main import cli
from core.i18n import CATALOGUES
from tests.architecture.sources import ROOT

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"{(\w*)[^{}]*}")


@functools.cache
def texts():
    """Every text of the sources with the place where it stands first; plural forms as pairs."""
    found = {}
    for folder in ("core", "desktop", "installer"):
        options = {"encoding": "utf-8"}
        for path, line, message, *_ in extract_from_dir(
            ROOT / folder, [("**.py", "python")], {"**.py": options}, keywords=KEYWORDS
        ):
            if message:
                found.setdefault(message, f"{folder}/{path}:{line}")
    for message in helping.texts(cli):
        found.setdefault(message, f"gridlink --help: {message}")
    return found


@functools.cache
def catalogue():
    merged = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN", abort_invalid=True):
                if message.id:
                    merged.setdefault(message.id, []).append((path.name, message))
    return merged


def strings_of(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def ids_of(message_id):
    return message_id if isinstance(message_id, tuple) else (message_id,)


def test_every_text_is_translated():
    missing = {place: text for text, place in texts().items() if text not in catalogue()}
    assert not missing


def test_no_translation_is_empty_or_uncertain():
    bad = [
        (file, message.id)
        for found in catalogue().values()
        for file, message in found
        if message.fuzzy or not all(strings_of(message))
    ]
    assert not bad


def test_translations_keep_the_placeholders_of_their_text():
    wrong = [
        (file, message.id, string)
        for found in catalogue().values()
        for file, message in found
        for string in strings_of(message)
        if set(PLACEHOLDER.findall(string)) != set(PLACEHOLDER.findall(ids_of(message.id)[-1]))
    ]
    assert not wrong


def test_a_text_is_translated_the_same_everywhere():
    differing = {
        text: [(file, message.string) for file, message in found]
        for text, found in catalogue().items()
        if len({message.string for _, message in found}) > 1
    }
    assert not differing


def test_no_translation_is_left_over():
    assert not sorted((str(text), found[0][0]) for text, found in catalogue().items() if text not in texts())


def test_translations_are_chinese():
    """A copied English text would pass every other test."""
    copied = [
        (file, message.id)
        for found in catalogue().values()
        for file, message in found
        if not any("一" <= c <= "鿿" for c in strings_of(message)[0])
        and len(ids_of(message.id)[0].split()) > 2
    ]
    assert not copied
