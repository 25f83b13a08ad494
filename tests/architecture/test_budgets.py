import ast
import re

from tests.architecture.sources import ROOT, files, name, product_modules

MODULE_LINES, FUNCTION_LINES = 400, 50
ATTICS = {"utils", "util", "helpers", "helper", "misc", "manager", "managers", "legacy", "common"}


def functions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node):
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_its_budget():
    programmes = [p for p in files() if p.suffix in {".py", ".js"}]
    long = {name(p): n for p in programmes if (n := len(p.read_text("utf-8").splitlines())) > MODULE_LINES}
    assert not long


def test_no_function_is_longer_than_its_budget():
    long = {
        f"{name(path)}:{node.name}": length(node)
        for path in product_modules()
        for node in functions(path)
        if length(node) > FUNCTION_LINES
    }
    assert not long


def test_the_middle_of_the_house_is_small():
    """The medians that the style asks for, so that the caps do not become the habit."""
    modules = sorted(len(p.read_text("utf-8").splitlines()) for p in product_modules() if p.stem != "__init__")
    lengths = sorted(length(node) for path in product_modules() for node in functions(path))
    assert modules[len(modules) // 2] <= 170
    assert lengths[len(lengths) // 2] <= 10


def test_nothing_is_called_an_attic():
    attics = [name(p) for p in product_modules() if ATTICS & set(re.split(r"[_/.]", name(p).lower()))]
    assert not attics


def test_every_module_says_what_it_is_in_one_line():
    silent = []
    for path in product_modules():
        says = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        first = says.partition("\n")[0]
        if path.stem != "__init__" and not first.endswith((".", ":", ";")):
            silent.append(name(path))
    assert not silent


def test_every_product_folder_is_in_the_wheel():
    """A module in a folder without ``__init__`` would work here and be missing where it is installed."""
    folders = {p.parent for p in product_modules()} - {ROOT / "installer"}
    without = [name(f) for f in folders if not (f / "__init__.py").exists() and "migrations" not in f.parts]
    assert not without
