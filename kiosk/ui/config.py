"""The configuration's sections [server] and [screen]: where the screen is served, and how it speaks.

`systemd/kiosk.toml` documents every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk import checks
from kiosk.text import LANGUAGES


@dataclass(frozen=True)
class ServerConfig:
    """Where the screen is served, on this device only.

    Attributes:
        port: 1 … 65535.
    """

    port: int = 8501


@dataclass(frozen=True)
class ScreenConfig:
    """How the screen speaks.

    Attributes:
        language: one of `kiosk.text.LANGUAGES`, until somebody chooses another on Start.
    """

    language: str = "en"


CHECKS: Mapping[str, checks.Check] = {"port": checks.whole(1, 65535)}
SCREEN_CHECKS: Mapping[str, checks.Check] = {"language": checks.one_of(tuple(LANGUAGES))}
