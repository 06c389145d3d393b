"""The sheet about the device: what the model is for, what it learnt from, whom it was not tested on, how good it is."""

from __future__ import annotations

from datetime import date

from edge_models.bundle import Manifest
from edge_models.labels import LesionClass
from edge_models.plots import Plots
from kiosk.capture.station import StationStatus
from kiosk.text.catalogue import Catalogue
from kiosk.version import installed_version, source_commit

KINDS = ("roc", "reliability", "confusion", "classes")
"""The plots that are offered, in this order."""
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


def plots(words: Catalogue, measured: Plots | None) -> dict[str, object]:
    """What the sheet draws of the model, in words and numbers: `plots`, empty where its makers said nothing."""
    if measured is None:
        return {"plots": []}
    shares = {name: words.percent(share) for name, share in measured.figures.items()}
    areas = {f"{name}_area": words.number(measured.figures[f"{name}_auc"], 2) for name in measured.curves}
    names = [words.text(f"lesion.{lesion.code}") for lesion in measured.classes]
    codes = [lesion.code for lesion in measured.classes]
    melanoma = words.text(f"lesion.{LesionClass.MEL.code}")
    counted = {"pictures": words.number(measured.pictures), "lesions": words.number(measured.lesions)}
    most = max(1, *measured.trained_on)
    drawn: dict[str, dict[str, object]] = {
        "roc": {
            "curves": [
                (words.text("plot.roc.malignant"), measured.curves["malignant"]),
                (melanoma, measured.curves["melanoma"]),
            ]
        },
        "reliability": {"bars": [(bar.said, bar.right, bar.pictures) for bar in measured.reliability]},
        "confusion": {
            "codes": codes,
            "rows": [f"{name} ({code})" for name, code in zip(names, codes, strict=True)],
            "counts": measured.confusion,
        },
        "classes": {
            "shares": [
                (name, count / most, words.number(count))
                for name, count in zip(names, measured.trained_on, strict=True)
            ]
        },
    }
    return {
        "plots": [
            {
                "kind": kind,
                "name": words.text(f"plot.{kind}.name"),
                "text": words.text(f"plot.{kind}.text", melanoma=melanoma, **shares, **areas),
                "across": words.text(f"plot.{kind}.across"),
                "up": words.text(f"plot.{kind}.up"),
                "source": words.text("plot.learnt") if kind == "classes" else words.text("plot.held_out", **counted),
                **shown,
            }
            for kind, shown in ((kind, drawn[kind]) for kind in KINDS)
        ],
        "measured": words.text("plot.title"),
        "back": words.text("plot.back"),
    }


def _day(words: Catalogue, published: str) -> str:
    """A manifest's date as the language writes it; what is no date stays as it is."""
    try:
        return words.day(date.fromisoformat(published))
    except ValueError:
        return published
