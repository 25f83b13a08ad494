import ast
import importlib.util
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

FILE = ROOT / "installer" / "bootstrap.py"


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def elsewhere(tmp_path, code):
    """Runs code against a copy of the file in a folder with blanks and Chinese characters."""
    installer = tmp_path / "网格 联动" / "installer"
    installer.mkdir(parents=True, exist_ok=True)
    shutil.copy(FILE, installer)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, sys.argv[1]); import bootstrap as b; {code}",
         str(installer)], capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_needs_nothing_but_the_standard_library():
    tree = ast.parse(FILE.read_text("utf-8"))
    names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_can_at_least_read_it_and_say_so():
    ast.parse(FILE.read_text("utf-8"), feature_version=(3, 7))


def test_every_text_has_both_languages_with_the_same_places(bootstrap):
    for english, chinese in bootstrap.TEXTS.values():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese))
        assert re.search(r"[一-鿿]", chinese)


@pytest.mark.parametrize(("locale", "language"), [("zh_CN.UTF-8", "用法"), ("en_US.UTF-8", "Usage"), ("C", "Usage")])
def test_it_speaks_the_language_of_the_system(locale, language):
    done = subprocess.run(
        [sys.executable, "-S", FILE], env={"LC_ALL": locale, "PYTHONUTF8": "1"}, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.startswith(language)


def test_a_half_made_environment_is_made_anew_and_a_whole_one_kept(tmp_path):
    broken = tmp_path / "网格 联动" / ".venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").write_text("not a program")
    code = "b.make_environment(); print(b.environment_works())"
    first = elsewhere(tmp_path, code)
    assert "==>" in first
    assert first.endswith("True\n")
    assert elsewhere(tmp_path, code) == "True\n"


def test_an_environment_that_was_copied_from_another_folder_is_made_anew(tmp_path):
    elsewhere(tmp_path, "b.make_environment(); b.STAMP.write_text('/another/folder', 'utf-8')")
    assert "==>" in elsewhere(tmp_path, "b.make_environment()")


def test_children_find_the_project_and_speak_utf8(bootstrap):
    env = bootstrap.environment(offscreen=True)
    assert env["PYTHONPATH"].startswith(str(ROOT))
    assert env["PYTHONUTF8"] == "1"
    assert env["QT_QPA_PLATFORM"] == "offscreen"


def needed_by(file):
    """The NEEDED entries of a 64-bit ELF file."""
    data = file.read_bytes()
    sections, size, count = (*struct.unpack_from("<Q", data, 40), *struct.unpack_from("<HH", data, 58))
    for at in range(sections, sections + size * count, size):
        kind = struct.unpack_from("<I", data, at + 4)[0]
        start, length, link = struct.unpack_from("<QQI", data, at + 24)
        if kind == 6:  # the dynamic section; its names are in the section that it links to
            names = struct.unpack_from("<Q", data, sections + size * link + 24)[0]
            for tag, value in struct.iter_unpack("<QQ", data[start : start + length]):
                if tag == 1:
                    yield data[names + value : data.index(b"\0", names + value)].decode()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packages are a matter of Linux")
def test_every_library_that_qt_needs_has_a_known_package(bootstrap):
    """Read from Qt's own files, so that a newer Qt cannot need something that the bootstrap has no name for."""
    package = Path(importlib.util.find_spec("PySide6").submodule_search_locations[0])
    todo = [f for pattern in bootstrap.QT_FILES for f in package.glob(pattern)]
    assert len(todo) >= 8
    seen, needed = set(), set()
    while todo:
        for name in needed_by(todo.pop()):
            bundled = package / "Qt" / "lib" / name
            if bundled.exists() and name not in seen:
                todo.append(bundled)
            elif not bundled.exists():
                needed.add(name)
            seen.add(name)
    basic = re.compile(r"^(libc|libm|libdl|libpthread|librt|libresolv|libutil|libgcc_s|ld-linux.*)\.so")
    assert "libnss3.so" in needed
    assert {name for name in needed if not basic.match(name)} - set(bootstrap.DEBIAN_PACKAGES) == set()


def test_fonts_with_chinese_are_told_from_others(bootstrap, tmp_path):
    (tmp_path / "DejaVuSans.ttf").touch()
    assert not bootstrap.has_font_files(tmp_path)
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "NotoSansCJK-Regular.ttc").touch()
    assert bootstrap.has_font_files(tmp_path)
