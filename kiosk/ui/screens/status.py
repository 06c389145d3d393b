"""The bar at the top: name, steps, how the device is, the clock, and the sheet about the device."""

from __future__ import annotations

from kiosk.text import section, text
from kiosk.ui.device import Device
from kiosk.ui.screens import about
from kiosk.ui.widgets.component import mount
from kiosk.workflow.visit import Step


def draw(device: Device, step: Step) -> None:
    """Draw the bar with `step` as the current one. How the device is, the page asks for itself."""
    mount(
        "status",
        {
            "texts": {**section("status"), "app.name": text("app.name")},
            "step": list(Step).index(step),
            "about": about.sheet(device.manifest, device.station.status()),
        },
    )
