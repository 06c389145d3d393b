"""How the door before the store stands, and who has come in by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.clinical.operator import Operator


class State(StrEnum):
    """What a log-in would change."""

    LOCKED = "locked"
    IDLE = "idle"
    OPEN = "open"


@dataclass(frozen=True)
class Session:
    """Somebody who has logged in.

    Attributes:
        number: counts log-ins: a message that names an earlier one comes too late.
    """

    operator: Operator
    number: int
