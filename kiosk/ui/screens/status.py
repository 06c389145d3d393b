"""The bar at the top: name, steps, how the device is, the clock, and the sheet about the device."""

from __future__ import annotations

from kiosk.text.catalogue import Catalogue
from kiosk.ui import page
from kiosk.ui.device import Device
from kiosk.ui.screens import about
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.desk import Standing
from kiosk.workflow.visit import Step


def draw(words: Catalogue, device: Device, seat: Seat, step: Step, window: str, *, here: bool = True) -> None:
    """Draw the bar. How the device is, and which window has the screen, the page asks for itself.

    Args:
        words: of this browser session.
        device: the process's parts.
        seat: of this browser session.
        step: the current one.
        window: this window's tag.
        here: this window has the screen.
    """

    def on_tap(tap: Tap) -> None:
        # "window" and "seen": what was drawn is not true any more, and drawing it again brings what is
        if tap.get("name") == "records" and device.desk.standing() is not Standing.NONE:
            seat.place = Place.DESK if seat.number else Place.UNLOCK

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
            "boot": device.boot,
            "turn": device.attention.turn,
            "records": records(words, device, seat),
            "about": about.sheet(words, device.manifest, device.station.status()) | about.plots(words, device.plots),
        },
        on_tap,
    )


def records(words: Catalogue, device: Device, seat: Seat) -> dict[str, str]:
    """What the bar says of the records: `state`, in words, and `seen`, which the heartbeat tells too."""
    desk = device.desk
    operator = desk.operator(seat.number)
    standing = desk.standing()
    if standing in (Standing.NONE, Standing.UNSET):
        state, said = "none", words.text("status.records_none")
    elif operator is None:
        state = "without" if seat.without else "locked"
        said = words.text(f"status.records_{state}")
    else:
        state, said = "open", operator.name
    if desk.demonstration:
        state, said = "demonstration", words.text("status.records_demonstration")
    return {
        "state": state,
        "word": said,
        "seen": device.records_seen(),
        "may": "" if standing is Standing.NONE else "tap",
    }
