"""The sheet about the device: what the model is for, what it learnt from, and whom it was not tested on."""

from __future__ import annotations

from edge_models.bundle import Manifest
from kiosk.capture.station import StationStatus
from kiosk.text import text
from kiosk.version import installed_version, source_commit


def sheet(manifest: Manifest, status: StationStatus) -> dict[str, object]:
    """The sheet's title, first line and rows of (name, words), the most important first."""
    rows = [
        (text("about.intended_use"), manifest.texts["intended_use"]),
        (text("about.not_tested_on"), manifest.texts["not_tested_on"]),
        (text("about.training_data"), manifest.texts["training_data"]),
        (text("about.licence"), manifest.texts["licence"]),
        (text("about.model"), f"{manifest.model_id} ({manifest.texts['created']})"),
        (text("about.engine"), str(status.engine)),
        (text("about.camera"), status.camera or status.camera_fault),
        (text("about.version"), f"{installed_version()} {source_commit()[:12]}".rstrip()),
    ]
    return {
        "title": text("about.title"),
        "purpose": text("about.purpose"),
        "close": text("about.close"),
        "rows": [(name, words[:1].upper() + words[1:]) for name, words in rows],
    }
