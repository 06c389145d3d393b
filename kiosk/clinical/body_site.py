"""Where on the body a lesion is; no two sites overlap."""

from __future__ import annotations

from enum import Enum, StrEnum


class Side(StrEnum):
    """The patient's own left and right."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


_ANY = (Side.LEFT, Side.MIDDLE, Side.RIGHT)
_PAIR = (Side.LEFT, Side.RIGHT)


class BodySite(Enum):
    """A part of the body.

    Attributes:
        code: as tables and texts name it.
        ham10000: HAM10000's word for the part that holds it, which is what a model's tables know; None: it has none.
        sides: those that the site has; none where left and right say nothing.
    """

    SCALP = ("scalp", "scalp", _ANY)
    FACE = ("face", "face", _ANY)
    EAR = ("ear", "ear", _PAIR)
    NECK = ("neck", "neck", _ANY)
    CHEST = ("chest", "chest", _ANY)
    ABDOMEN = ("abdomen", "abdomen", _ANY)
    BACK = ("back", "back", _ANY)
    FLANK = ("flank", "trunk", _PAIR)
    GENITAL = ("genital", "genital", ())
    MUCOSA = ("mucosa", None, ())
    ARM = ("arm", "upper extremity", _PAIR)
    BACK_OF_HAND = ("back_of_hand", "hand", _PAIR)
    PALM = ("palm", "acral", _PAIR)
    LEG = ("leg", "lower extremity", _PAIR)
    TOP_OF_FOOT = ("top_of_foot", "foot", _PAIR)
    SOLE = ("sole", "acral", _PAIR)
    NAIL = ("nail", "acral", _PAIR)

    code: str
    ham10000: str | None
    sides: tuple[Side, ...]

    def __init__(self, code: str, ham10000: str | None, sides: tuple[Side, ...]) -> None:
        self.code = code
        self.ham10000 = ham10000
        self.sides = sides

    @classmethod
    def from_code(cls, code: str) -> BodySite:
        """The site with that code.

        Raises:
            ValueError: there is none.
        """
        for site in cls:
            if site.code == code:
                return site
        raise ValueError(f"{code!r} is not a body site; known are {', '.join(site.code for site in cls)}")
