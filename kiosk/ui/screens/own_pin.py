"""Own PIN: the old one, then the new one twice."""

from __future__ import annotations

from edge_models.errors import DermakioskError
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the screen."""

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "back":
                seat.place = Place.DESK
                seat.settled()
            case "pin":
                try:
                    device.office.change_pin(seat.number, str(tap.get("old")), str(tap.get("pin")))
                except DermakioskError as error:
                    seat.failed(error)
                else:
                    seat.place = Place.DESK
                    seat.settled()

    mount(
        "own_pin",
        {
            "texts": words.section("office", "setup", "archive", "pin"),
            "attempt": seat.attempt,
            "told": words.fault(seat.trouble) if seat.trouble else "",
        },
        on_tap,
    )
