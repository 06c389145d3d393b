"""Body sites: HAM10000's words, and the words that ISIC's tables have for them.

The words are HAM10000's, those of ISIC's `anatom_site_general` and `anatom_site_special`, of ISIC 2020 and MILK10k,
the first three levels of the archive's hierarchy (`anatom_site_1` … `anatom_site_3`), and plain English ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SITES = (
    "abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital", "hand", "lower extremity", "neck", "scalp",
    "trunk", "upper extremity",
)  # fmt: skip
"""HAM10000's."""


class Region(NamedTuple):
    """What a word for a part of the body says.

    Attributes:
        site: HAM10000's word for it; None where it has no one word, as for "head/neck".
        places: every one of `SITES` that the part may mean or hold, with "palm" and "sole" for "acral", and "oral",
            which is none of them. Words can be true of one lesion only if all of them share a place.
    """

    site: str | None
    places: frozenset[str]


def _regions(*lines: tuple[str | None, str, str]) -> dict[str, Region]:
    return {
        word: Region(site, frozenset(places.split(", "))) for site, places, words in lines for word in words.split(", ")
    }


SITE_WORDS: Mapping[str, Region] = _regions(
    ("abdomen", "abdomen", "abdomen, anterior abdomen, lateral abdomen"),
    ("acral", "palm, sole", "acral, acral nos, palms/soles, acral palms/soles"),
    ("acral", "palm", "palm, palms, palm of hand"),
    ("acral", "sole", "sole, soles, sole of foot"),
    ("acral", "hand, foot", "nail, nails, nail nos"),
    ("back", "back", "back, posterior torso, posterior trunk, torso back, upper back, mid back, lower back"),
    ("chest", "chest", "chest, anterior chest, lateral chest, breast"),
    ("ear", "ear", "ear, ears"),
    ("face", "face, oral", "face"),
    ("foot", "foot, sole", "foot, feet, dorsum of foot, toe, toes, toenail"),
    (
        "genital",
        "genital",
        "genital, genitals, genital region, perigenital region, anogenital region, perianal region, vulva, vagina, "
        "penis, scrotum",
    ),
    ("hand", "hand, palm", "hand, hands, dorsum of hand, finger, fingers, fingers/thumb, fingernail"),
    ("lower extremity", "lower extremity, foot, sole", "lower extremity, lower extremities, lower limb, lower limbs, "
     "leg, legs"),
    ("lower extremity", "lower extremity", "buttock, buttocks, thigh, knee, lower leg, ankle"),
    ("neck", "neck", "neck, front of neck, side of neck, nape of neck, supraclavicular region"),
    ("scalp", "scalp", "scalp"),
    ("trunk", "trunk, abdomen, back, chest, genital", "trunk, torso"),
    ("trunk", "trunk, abdomen, chest, genital", "anterior torso, anterior trunk, torso front"),
    ("trunk", "trunk, abdomen, back, chest", "lateral torso, lateral trunk"),
    ("trunk", "trunk", "axilla"),
    ("upper extremity", "upper extremity, hand, palm", "upper extremity, upper extremities, upper limb, upper limbs, "
     "arm, arms"),
    ("upper extremity", "upper extremity", "shoulder, upper arm, elbow, forearm, wrist"),
    (None, "ear, face, neck, scalp, oral", "head/neck, head neck, head neck face"),
    (None, "ear, face, scalp, oral", "head"),
    (None, "genital, oral", "oral/genital"),
    (None, "oral, face", "mouth, oral"),
)  # fmt: skip
"""Every word that a table may use, as `site_key` writes it."""

_SITE_OF = {"palm": "acral", "sole": "acral"}
_SIDE = re.compile(r"\b(left|right)\b")
_BETWEEN = re.compile(r"\s*(?:/|&|\band\b|\bor\b)\s*")


def site_key(text: str) -> str:
    """A word as `SITE_WORDS` has it: "Head & neck" and "head / neck" are head/neck, "LEFT_hand" is hand."""
    plain = unicodedata.normalize("NFC", text).lower().replace("_", " ")
    return " ".join(_BETWEEN.sub("/", _SIDE.sub(" ", plain)).split()).strip(" ,")


def common_site(regions: Sequence[Region]) -> str | None:
    """The one site that words for one lesion tell: what they share where that is one site, or the finest word's.

    Args:
        regions: one or more, which share a place.
    """
    shared = {_SITE_OF.get(place, place) for place in frozenset.intersection(*(region.places for region in regions))}
    if len(shared) == 1 and shared <= set(SITES):
        return shared.pop()
    named = [region for region in regions if region.site is not None]
    return min(named, key=lambda region: len(region.places)).site if named else None
