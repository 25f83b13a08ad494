import re
import tomllib

from core.model.resources import RESOURCES
from tests.architecture.sources import ROOT, files, name

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
HOSTS = re.compile(
    r"pypi\.org|pythonhosted|\bmirrors?\.\w|registry\.\w+\.\w|index-url|/opt/(?:pypi|wheels)|/work/|/root/"
)
UNREASONED = re.compile(
    r"# (?:type: ignore(?!\[[\w, -]+\]  # \w)|noqa(?!: [A-Z]+\d+(?:, ?[A-Z]+\d+)*(?: - \w|  # \w)))"
)
THIS = ROOT / "tests" / "architecture" / "test_sources.py"


def lines(of=lambda path: True):
    for path in files():
        if path != THIS and of(path):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                yield f"{name(path)}:{number}", line


def test_nothing_is_left_for_later():
    assert not [place for place, line in lines() if UNFINISHED.search(line)]


def test_no_text_names_a_package_index_or_a_machine():
    """Where packages come from is the installing machine's own setting."""
    assert not [(place, line) for place, line in lines() if HOSTS.search(line)]


def test_every_opt_out_is_argued():
    def is_product(path):
        return path.suffix == ".py" and "tests" not in path.relative_to(ROOT).parts

    assert not [(place, line.strip()) for place, line in lines(is_product) if UNREASONED.search(line)]


def test_settings_parse():
    for path in files():
        if path.suffix == ".toml":
            tomllib.loads(path.read_text("utf-8"))


def test_there_is_no_column_for_what_the_product_must_not_know():
    """Ethnicity, religion, politics, biometrics, movement: product rules, tested like any other."""
    never = re.compile(
        r"ethnic|nation|relig|politic|party_member|biometr|finger|face|dna|imei|imsi|mac_|track|score|risk"
    )
    columns = {c.name for resource in RESOURCES.values() for c in resource.columns}
    assert not {c for c in columns if never.search(c)}
