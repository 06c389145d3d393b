"""The configuration's section [server]: where the screen is served. `systemd/kiosk.toml` documents every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk import checks


@dataclass(frozen=True)
class ServerConfig:
    """Where the screen is served, on this device only.

    Attributes:
        port: 1 … 65535.
    """

    port: int = 8501


CHECKS: Mapping[str, checks.Check] = {"port": checks.whole(1, 65535)}
