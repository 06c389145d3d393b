"""Unsaved: a case that could not be kept; nothing of its result is shown before the operator has decided."""

from __future__ import annotations

from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.keeping import Keeping
from kiosk.workflow.visit import Visit


def draw(words: Catalogue, device: Device, visit: Visit, keeping: Keeping) -> None:
    """Draw the screen."""

    def on_tap(tap: Tap) -> None:
        if tap.get("ticket") != visit.ticket:
            return
        match tap.get("name"):
            case "try_again":
                device.desk.keeper.try_again(visit.ticket)
            case "give_up":
                device.desk.give_up(visit.ticket)

    said = {"texts": words.section("unsaved"), "fault": words.fault(keeping.code), "ticket": visit.ticket}
    mount("unsaved", said, on_tap)
