"""Which version of the kiosk this is."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGE = Path(__file__).parent
_RECORDED = _PACKAGE / "commit.txt"
"""Written when a wheel is built (`requirements/hatch_build.py`)."""


@cache
def installed_version() -> str:
    """The installed version, or "not installed" where the source tree itself runs."""
    try:
        return version("dermakiosk")
    except PackageNotFoundError:
        return "not installed"


@cache
def source_commit() -> str:
    """The commit of the source, 40 hexadecimal digits, and a "+" where files differ from it; empty where unknown."""
    if _RECORDED.is_file():
        return _RECORDED.read_text(encoding="ascii").strip()
    git = shutil.which("git")
    if git is None or not (_PACKAGE.parent / ".git").exists():
        return ""
    command = [git, "-C", str(_PACKAGE.parent), "describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return done.stdout.strip()
