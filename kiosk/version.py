"""Which version of the kiosk this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed_version() -> str:
    """The installed version, or "not installed" where the source tree itself runs."""
    try:
        return version("dermakiosk")
    except PackageNotFoundError:
        return "not installed"
