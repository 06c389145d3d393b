"""The bar at the top: name, steps, how the device is, the clock, and the sheet about the device."""

from __future__ import annotations

from kiosk.text.catalogue import Catalogue
from kiosk.ui import page
from kiosk.ui.device import Device
from kiosk.ui.screens import about
from kiosk.ui.widgets.component import mount
from kiosk.workflow.visit import Step


def draw(words: Catalogue, device: Device, step: Step) -> None:
    """Draw the bar with `step` as the current one. How the device is, the page asks for itself."""
    mount(
        "status",
        {
            "texts": {**words.section("status"), "app.name": words.text("app.name")},
            "language": words.language,
            "shell": page.overlay_texts(words),
            "faults": words.faults(),
            "step": list(Step).index(step),
            "about": about.sheet(words, device.manifest, device.station.status()),
        },
    )
