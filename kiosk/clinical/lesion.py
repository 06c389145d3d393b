"""A lesion: a place on one patient's skin that is looked at again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from kiosk.clinical.body_site import BodySite, Side

ID = re.compile(r"[0-9a-f]{32}")
"""Patients', lesions' and examinations' ids: 128 random bits, so that none can be guessed."""


class BodyView(StrEnum):
    """The drawing of the body on which a point lies."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True)
class BodyPoint:
    """A point on a drawing of the body.

    Attributes:
        x: 0 at the drawing's left edge … 1 at its right edge.
        y: 0 at its top … 1 at its bottom.

    Raises:
        ValueError: outside the drawing.
    """

    view: BodyView
    x: float
    y: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.x <= 1.0 and 0.0 <= self.y <= 1.0):
            raise ValueError("a point lies within the drawing: x and y are 0 to 1")


@dataclass(frozen=True)
class Lesion:
    """One lesion of one patient.

    Attributes:
        id: 32 hexadecimal digits.
        side: one of the site's; None where it was not said.
        point: on a drawing of the body; None where nobody pointed.

    Raises:
        ValueError: an id or a side that cannot be.
    """

    id: str
    site: BodySite
    side: Side | None = None
    point: BodyPoint | None = None

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError("a lesion's id is 32 hexadecimal digits")
        if self.side is not None and self.side not in self.site.sides:
            raise ValueError(f"{self.site} has no side {self.side}")
