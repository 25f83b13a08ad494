import click
import pytest

from core.cli.main import cli, main
from core.cli.output import width_of


def every_command(group: click.Group, words: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*words, name))


def command_of(words: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for word in words:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    return found


COMMANDS = [(), *every_command(cli)]


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_in_chinese_what_it_does(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    said = helped(capsys, *words)
    about = said.split("\n\n")[1]
    assert any("一" <= c <= "鿿" for c in about)
    assert "选项:" in said and "Show this message" not in said


def test_no_option_is_left_without_a_word():
    silent = [
        (words, option.opts[0]) for words in COMMANDS for option in command_of(words).params
        if isinstance(option, click.Option) and not option.hidden and not option.help
    ]  # fmt: skip
    assert not silent


def test_english_is_a_word_away(capsys: pytest.CaptureFixture[str]):
    said = helped(capsys, "--lang", "en", "undo")
    assert "Takes an import back" in said and "Options:" in said
    assert "撤销" in helped(capsys, "undo")


def test_a_line_fits_the_terminal_in_both_languages(capsys: pytest.CaptureFixture[str]):
    for language in ("zh", "en"):
        lines = helped(capsys, "--lang", language).splitlines()
        assert max(map(width_of, lines)) <= 80


def test_what_an_option_does_by_default_is_said_in_the_language(capsys: pytest.CaptureFixture[str]):
    assert "[默认：authority]" in helped(capsys, "settle")
    assert "[default: authority]" in helped(capsys, "--lang", "en", "settle")
