"""The bar at the top: name, steps, how the device is, the clock, and the sheet about the device."""

from __future__ import annotations

from kiosk.text.catalogue import Catalogue
from kiosk.ui import page
from kiosk.ui.device import Device
from kiosk.ui.screens import about
from kiosk.ui.widgets.component import mount
from kiosk.workflow.visit import Step


def draw(words: Catalogue, device: Device, step: Step, window: str, *, here: bool = True) -> None:
    """Draw the bar. How the device is, and which window has the screen, the page asks for itself.

    Args:
        words: of this browser session.
        device: the process's parts.
        step: the current one.
        window: this window's tag.
        here: this window has the screen.
    """
    mount(
        "status",
        {
            "texts": {**words.section("status"), "app.name": words.text("app.name")},
            "language": words.language,
            "shell": page.overlay_texts(words),
            "faults": words.faults(),
            "step": list(Step).index(step),
            "window": window,
            "here": here,
            "turn": device.attention.turn,
            "about": about.sheet(words, device.manifest, device.station.status()),
        },
    )
