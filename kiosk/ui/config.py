"""The configuration's sections [server], [screen] and [pathway]: the screen's place, its words, and the clinic's.

`systemd/kiosk.toml` documents every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """How the screen speaks and looks, and how long it waits for a touch.

    Attributes:
        language: one of `kiosk.text.LANGUAGES`, until somebody chooses another on Start.
        theme: one of `THEMES`.
        dark_hours: from which hour until which the clock's theme is dark, each 0 … 23.
        text: one of `TEXT_SIZES`.
        cover_after_s: without a touch for so long, a patient's details are covered; 0: never.
        sounds: whether short tones say that a picture was taken, that there is a result, and that something failed.
        end_after_s: without a touch for so long, the case ends and nothing of it is left; 0: never.
    """

    language: str = "en"
    theme: str = "light"
    dark_hours: tuple[int, int] = (20, 7)
    text: str = "normal"
    cover_after_s: int = 120
    end_after_s: int = 600
    sounds: bool = False


THEMES = ("light", "dark", "clock")
"""What decides on the theme, until somebody chooses the other one on the bar."""
TEXT_SIZES = ("normal", "large")
"""Large is 125 %."""


def hours(value: object, base: Path) -> tuple[int, int]:
    """Two hours of the day: from, until."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two hours like [20, 7]")
    hour = checks.whole(0, 23)
    return hour(value[0], base), hour(value[1], base)


@dataclass(frozen=True)
class PathwayConfig:
    """What the clinic does next, by the level of advice; empty: the screen says nothing of it."""

    urgent_referral: str = ""
    referral: str = ""
    routine: str = ""


PATHWAY_LENGTH = 300
"""Characters at most: a result is read at a glance."""
CHECKS: Mapping[str, checks.Check] = {"port": checks.whole(1, 65535)}
SCREEN_CHECKS: Mapping[str, checks.Check] = {
    "language": checks.one_of(tuple(LANGUAGES)),
    "theme": checks.one_of(THEMES),
    "dark_hours": hours,
    "text": checks.one_of(TEXT_SIZES),
    "cover_after_s": checks.whole(0, 86_400),
    "end_after_s": checks.whole(0, 86_400),
    "sounds": checks.switch,
}
PATHWAY_CHECKS: Mapping[str, checks.Check] = dict.fromkeys(
    ("urgent_referral", "referral", "routine"), checks.sentence(PATHWAY_LENGTH)
)
