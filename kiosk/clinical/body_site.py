"""Where on the body a lesion is."""

from __future__ import annotations

from enum import StrEnum


class BodySite(StrEnum):
    """Where on the body, by HAM10000's names."""

    ABDOMEN = "abdomen"
    ACRAL = "acral"
    BACK = "back"
    CHEST = "chest"
    EAR = "ear"
    FACE = "face"
    FOOT = "foot"
    GENITAL = "genital"
    HAND = "hand"
    LOWER_EXTREMITY = "lower extremity"
    NECK = "neck"
    SCALP = "scalp"
    TRUNK = "trunk"
    UPPER_EXTREMITY = "upper extremity"
