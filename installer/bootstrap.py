"""Sets GridLink up on a fresh machine and runs it: ``demo`` or ``test``; Python 3.11+, standard library only.

Everything goes into ``.venv`` beside the project. Running it again repairs what is half made and skips
what is done. The syntax stays readable for Python 3.7, so that an old Python can be told apart kindly.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import locale
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "gridlink-installed.txt"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

TEXTS = {
    "usage": (
        "Usage: python3 installer/bootstrap.py demo|test [options that are passed on]",
        "用法：python3 installer/bootstrap.py demo|test [其余选项原样传递]",
    ),
    "old_python": (
        "GridLink needs Python {wanted} or later; this is {found}. Install it and run the same command with it.",
        "网格联动需要 Python {wanted} 或更高版本，当前为 {found}。请安装后用新版本重新运行本命令。",
    ),
    "venv": ("Making the environment {path}", "正在创建运行环境 {path}"),
    "venv_failed": (
        "The environment could not be made; the lines above say why. Put that right and run the command again.",
        "运行环境创建失败，原因见上文。请处理后重新运行本命令。",
    ),
    "installed": ("The environment {path} is up to date.", "运行环境 {path} 已是最新。"),
    "installing": (
        "Installing GridLink and what it needs (some 700 MB the first time)",
        "正在安装网格联动及其依赖（首次约需下载 700 MB）",
    ),
    "install_failed": (
        "The installation did not finish; the lines above say why. Check the network and the package index of pip, "
        "then run the command again: it goes on where it stopped.",
        "安装未完成，原因见上文。请检查网络和 pip 的软件源设置后重新运行本命令，将接着安装。",
    ),
    "checking": (
        "Checking what Qt, the map and Chinese text need from the system",
        "正在检查 Qt、地图和中文显示所需的系统组件",
    ),
    "system_ok": ("The system has everything.", "系统组件齐全。"),
    "installing_system": ("Installing from the system's packages: {packages}", "正在安装系统软件包：{packages}"),
    "system_missing": (
        "The system lacks {things}. Run this one command, then this programme again:",
        "系统缺少 {things}。请先执行下面这一条命令，然后重新运行本程序：",
    ),
    "system_unknown": (
        "The system lacks {things}. Install the packages that hold them, then run this programme again.",
        "系统缺少 {things}。请安装包含它们的软件包，然后重新运行本程序。",
    ),
    "system_failed": (
        "The system's packages could not be installed; the lines above say why.",
        "系统软件包安装失败，原因见上文。",
    ),
    "qt_failed": ("Qt does not start on this system:", "Qt 无法在本系统上启动："),
    "font": ("a Chinese font", "中文字体"),
    "font_windows": (
        "There is no Chinese font: add the optional feature “Chinese (Simplified) Supplemental Fonts” in Settings.",
        "系统没有中文字体：请在“设置”中添加可选功能“中文（简体）补充字体”。",
    ),
    "demo": ("Running the main job on a training district", "正在用训练辖区运行完整业务流程"),
    "headless": (
        "There is no display: working without windows; see {path} afterwards.",
        "没有显示环境：以无界面方式运行，结果见 {path}。",
    ),
    "test": ("Running the tests, without windows", "正在以无界面方式运行全部测试"),
}

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libGLX.so.0": "libglx0", "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1", "libX11.so.6": "libx11-6", "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1", "libXext.so.6": "libxext6", "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6", "libXrandr.so.2": "libxrandr2", "libXrender.so.1": "libxrender1",
    "libXtst.so.6": "libxtst6", "libXcursor.so.1": "libxcursor1", "libasound.so.2": "libasound2",
    "libbrotlicommon.so.1": "libbrotli1", "libbrotlidec.so.1": "libbrotli1", "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2", "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1", "libfreetype.so.6": "libfreetype6", "libgbm.so.1": "libgbm1",
    "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libICE.so.6": "libice6", "libSM.so.6": "libsm6", "liblzma.so.5": "liblzma5",
    "libnspr4.so": "libnspr4", "libplc4.so": "libnspr4", "libplds4.so": "libnspr4",
    "libnss3.so": "libnss3", "libnssutil3.so": "libnss3", "libsmime3.so": "libnss3",
    "libstdc++.so.6": "libstdc++6", "libudev.so.1": "libudev1", "libz.so.1": "zlib1g", "libzstd.so.1": "libzstd1",
    "libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1", "libwayland-server.so.0": "libwayland-server0",
    "libxcb-cursor.so.0": "libxcb-cursor0", "libxcb-dri3.so.0": "libxcb-dri3-0", "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4", "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1", "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0", "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0", "libxcb-shm.so.0": "libxcb-shm0", "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1", "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0", "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1", "libxcb.so.1": "libxcb1", "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0", "libxkbfile.so.1": "libxkbfile1",
}  # fmt: skip
FONT_PACKAGE = "fonts-noto-cjk"
CJK_FONTS = re.compile(
    r"cjk|sourcehan|notos\w+sc|wqy|uming|ukai|droidsansfallback|simsun|simhei|msyh|harmonyos_sans_sc|lxgw", re.I
)
QT_FILES = (
    "Qt/lib/libQt6WebEngineCore.so*", "Qt/lib/libQt6WebEngineWidgets.so*", "Qt/lib/libQt6Widgets.so*",
    "Qt/lib/libQt6Svg.so*", "Qt/lib/libQt6Pdf.so*", "Qt/libexec/QtWebEngineProcess",
    "Qt/plugins/platforms/libqxcb.so", "Qt/plugins/platforms/libqoffscreen.so",
    "Qt/plugins/xcbglintegrations/*.so",
)  # fmt: skip
QT_TRIAL = (
    "from PySide6.QtWebEngineWidgets import QWebEngineView; from PySide6.QtWidgets import QApplication; "
    "QApplication([]); print('Qt works')"
)


class Stop(Exception):
    """Ends the programme with a sentence and the exit code 1."""


def main(arguments: list[str]) -> int:
    """Does what the first argument says and returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a text stream, as Python starts
    if not arguments or arguments[0] not in {"demo", "test"}:
        print(text("usage"))
        return 2
    task, options = arguments[0], arguments[1:]
    try:
        check_python()
        make_environment()
        install("dev" if task == "test" else "")
        check_system()
        return run_demo(options) if task == "demo" else run_tests(options)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def check_python() -> None:
    """Stops on a Python that is too old."""
    if sys.version_info < OLDEST_PYTHON:
        raise Stop(text("old_python", wanted="{}.{}".format(*OLDEST_PYTHON), found=sys.version.split()[0]))


# --- the environment -------------------------------------------------------------------------------


def make_environment() -> None:
    """Makes ``.venv``, anew when it is broken or was moved here from another folder."""
    stamp = STAMP.read_text("utf-8").splitlines() if STAMP.exists() else []
    if environment_works() and (not stamp or stamp[0] == str(ROOT)):
        return
    say("venv", path=VENV)
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it in a package of its own
        install_packages({f"python{sys.version_info[0]}.{sys.version_info[1]}-venv": "ensurepip"})
    if call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0 or not environment_works():
        raise Stop(text("venv_failed"))


def environment_works() -> bool:
    """Whether the environment has a Python that is new enough and has pip."""
    trial = f"import pip, sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return PYTHON.exists() and call([str(PYTHON), "-c", trial], quiet=True) == 0


def install(extra: str) -> None:
    """Installs the project, editable, unless the stamp says that it is done."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = STAMP.read_text("utf-8").splitlines() if STAMP.exists() else []
    extras = {extra, *stamp[2:]} - {""} if stamp else {extra} - {""}
    if stamp[:2] == [str(ROOT), digest] and extras == set(stamp[2:]):
        say("installed", path=VENV)
        return
    say("installing")
    if STAMP.exists():
        STAMP.unlink()
    command = [str(PYTHON), "-m", "pip", "install", "--prefer-binary", "--editable"]
    if call([*command, f".[{','.join(sorted(extras))}]" if extras else "."], environment()) != 0:
        raise Stop(text("install_failed"))
    STAMP.write_text("\n".join([str(ROOT), digest, *sorted(extras)]), "utf-8")


# --- the system ------------------------------------------------------------------------------------


def check_system() -> None:
    """Makes sure that Qt loads and Chinese has a font; installs what is missing or names the one command."""
    say("checking")
    if sys.platform.startswith("linux"):
        missing = missing_things()
        if missing:
            install_packages(missing)
            missing = missing_things()
        if missing:
            raise Stop(text("system_unknown", things=", ".join(sorted(set(missing.values())))))
    elif WINDOWS and not has_font_files(Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"):
        print(text("font_windows"))
    trial = subprocess.run(
        [str(PYTHON), "-c", QT_TRIAL], env=environment(offscreen=True), cwd=ROOT, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if trial.returncode != 0:
        raise Stop("{}\n{}".format(text("qt_failed"), trial.stdout.decode("utf-8", "replace")))
    say("system_ok")


def missing_things() -> dict[str, str]:
    """Missing Debian packages and the library (or font) that each is needed for; ``?name`` where unknown."""
    missing = {DEBIAN_PACKAGES.get(name, "?" + name): name for name in missing_libraries()}
    if not has_chinese_font():
        missing[FONT_PACKAGE] = text("font")
    return missing


def missing_libraries() -> list[str]:
    """The shared libraries that Qt's own files need and the loader does not find."""
    ldd = shutil.which("ldd")
    purelib = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        env=environment(), stdout=subprocess.PIPE, check=True,
    ).stdout.decode("utf-8").strip()  # fmt: skip
    files = [str(file) for pattern in QT_FILES for file in (Path(purelib) / "PySide6").glob(pattern)]
    if not ldd or not files:
        return []
    listed = subprocess.run(
        [ldd, *files], env={**environment(), "LC_ALL": "C"}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=False,
    ).stdout.decode("utf-8", "replace")  # fmt: skip
    return sorted(set(re.findall(r"^\s*(\S+) => not found", listed, re.M)))


def has_chinese_font() -> bool:
    """Whether fontconfig, or else the font folders, know a font with Chinese characters."""
    if shutil.which("fc-list"):
        listed = subprocess.run(["fc-list", ":lang=zh", "file"], stdout=subprocess.PIPE, check=False)
        return bool(listed.stdout.strip())
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", Path.home() / ".fonts", Path.home() / ".local/share/fonts")
    return any(has_font_files(Path(folder)) for folder in folders)


def has_font_files(folder: Path) -> bool:
    """Whether the folder holds a font file known to have Chinese characters."""
    return folder.is_dir() and any(CJK_FONTS.search(file.name) for file in folder.rglob("*.[tToO][tT][cCfF]"))


def install_packages(missing: dict[str, str]) -> None:
    """As root on Debian's family installs the packages, else stops with the one command to run."""
    things = ", ".join(sorted(set(missing.values())))
    packages = [name for name in sorted(missing) if not name.startswith("?")]
    if not (packages and shutil.which("apt-get")):
        command = foreign_command(missing)
        raise Stop(text("system_missing" if command else "system_unknown", things=things) + command)
    apt = ["apt-get", "install", "--yes", "--no-install-recommends"]
    if os.geteuid() != 0:
        command = " ".join(["sudo apt-get update && sudo", *apt, *map(newest_name, packages)])
        raise Stop(text("system_missing", things=things) + f"\n\n    {command}\n")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    call(["apt-get", "update"], quiet)
    names = [newest_name(name) for name in packages]
    say("installing_system", packages=" ".join(names))
    if call([*apt, *names], quiet) != 0:
        raise Stop(text("system_failed"))


def newest_name(package: str) -> str:
    """The package's name on this release: Debian 13 and Ubuntu 24.04 renamed some to ``…t64``."""
    if not shutil.which("apt-cache"):
        return package
    listed = subprocess.run(
        ["apt-cache", "policy", package + "t64"], env={**os.environ, "LC_ALL": "C"},
        stdout=subprocess.PIPE, check=False,
    ).stdout.decode("utf-8", "replace")  # fmt: skip
    found = re.search(r"Candidate: (\S+)", listed)
    return package + "t64" if found and found[1] != "(none)" else package


def foreign_command(missing: dict[str, str]) -> str:
    """The command for systems with RPM packages, which can be asked for by library name; else nothing."""
    tool = next((name for name in ("dnf", "yum", "zypper") if shutil.which(name)), None)
    if tool is None:
        return ""
    wanted = [f"'{name}()(64bit)'" for name in missing.values() if name.startswith("lib")]
    fonts = ["google-noto-sans-cjk-ttc-fonts"] if FONT_PACKAGE in missing else []
    return "\n\n    {}\n".format(" ".join(["sudo", tool, "install", *wanted, *fonts]))


# --- the two tasks ---------------------------------------------------------------------------------


def run_demo(options: list[str]) -> int:
    """Runs the main job on a training district and opens the desktop on it, if there is a display."""
    say("demo")
    headless = "--headless" in options or not has_display()
    if headless:
        print(text("headless", path=ROOT / "gridlink-demo"))
        options = options if "--headless" in options else [*options, "--headless"]
    return call([str(PYTHON), "-m", "core.cli", "demo", *options], environment(offscreen=headless))


def run_tests(options: list[str]) -> int:
    """Runs the whole test suite offscreen, on every core, and returns pytest's exit code."""
    say("test")
    spread = ["--numprocesses", "auto", "--dist", "worksteal"]
    return call([str(PYTHON), "-m", "pytest", *spread, *options], environment(offscreen=True))


def has_display() -> bool:
    """Whether windows can be shown."""
    named = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(named) or not sys.platform.startswith("linux")


def environment(offscreen: bool = False) -> dict[str, str]:
    """The environment of child processes: UTF-8 whatever the locale, the project importable from any path."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    env = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": path}
    env.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    root = not WINDOWS and os.geteuid() == 0
    if offscreen:
        env["QT_QPA_PLATFORM"] = "offscreen"
    if root or offscreen:  # Chromium refuses its sandbox to root; for everybody else it stays on
        flags = [*(["--no-sandbox"] if root else []), *(["--disable-gpu"] if offscreen else [])]
        env.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", " ".join(flags))
    return env


def call(command: list[str], env: dict[str, str] | None = None, quiet: bool = False) -> int:
    """Runs a command in the project's folder and returns its exit code."""
    output = subprocess.DEVNULL if quiet else None
    sys.stdout.flush()
    try:
        return subprocess.call(command, env=env or os.environ, cwd=str(ROOT), stdout=output, stderr=output)
    except OSError as error:  # not a program, or not one for this machine
        print(error, file=sys.stderr)
        return 126


# --- what is said ----------------------------------------------------------------------------------


def say(key: str, **values: object) -> None:
    """Prints a step."""
    print("==> " + text(key, **values), flush=True)


def text(key: str, **values: object) -> str:
    """A text in Chinese where the system speaks it, else in English."""
    return TEXTS[key][1 if speaks_chinese() else 0].format(**values)


def speaks_chinese() -> bool:
    """Whether the user's system is set to Chinese."""
    if WINDOWS:
        chinese = 0x04
        return ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == chinese  # type: ignore[attr-defined,no-any-return]  # Windows only
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    chosen = next((name for name in names if name), locale.getlocale()[0] or "")
    return chosen.lower().startswith("zh")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
