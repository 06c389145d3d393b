"""The sheet about the device: what the model is for, what it learnt from, and whom it was not tested on."""

from __future__ import annotations

from datetime import date

from edge_models.bundle import Manifest
from kiosk.capture.station import StationStatus
from kiosk.text.catalogue import Catalogue
from kiosk.version import installed_version, source_commit

MANIFEST_LANGUAGE = "en"
"""A bundle says what it is for in the words that were published with it; the kiosk does not translate them."""


def sheet(words: Catalogue, manifest: Manifest, status: StationStatus) -> dict[str, object]:
    """The sheet's title, first line and rows of (name, words, their language), the most important first."""
    texts = manifest.texts
    foreign = "" if words.language == MANIFEST_LANGUAGE else f" ({words.text('about.in_english')})"
    camera = status.camera or (words.fault(status.camera_code) if status.camera_code else "")
    created = f"{manifest.model_id} ({_day(words, texts['created'])})"
    version = f"{installed_version()} {source_commit()[:12]}".rstrip()
    published = [
        (words.text("about.intended_use"), texts["intended_use"]),
        (words.text("about.not_tested_on"), texts["not_tested_on"]),
        (words.text("about.training_data"), texts["training_data"]),
        (words.text("about.licence"), texts["licence"]),
    ]
    own = [
        (words.text("about.model"), created),
        (words.text("about.engine"), str(status.engine)),
        (words.text("about.camera"), camera),
        (words.text("about.version"), version),
    ]
    rows = [(f"{name}{foreign}", said, MANIFEST_LANGUAGE) for name, said in published]
    rows += [(name, said, words.language) for name, said in own]
    return {
        "title": words.text("about.title"),
        "purpose": words.text("about.purpose"),
        "notices": words.text("about.notices"),
        "close": words.text("about.close"),
        "rows": [(name, said[:1].upper() + said[1:], language) for name, said, language in rows],
    }


def _day(words: Catalogue, published: str) -> str:
    """A manifest's date as the language writes it; what is no date stays as it is."""
    try:
        return words.day(date.fromisoformat(published))
    except ValueError:
        return published
