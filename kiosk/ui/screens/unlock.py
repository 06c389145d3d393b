"""Unlock: who is there, and the PIN; or on without logging in, where the configuration lets that be."""

from __future__ import annotations

import streamlit as st

from edge_models.errors import DermakioskError
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.desk import Standing


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the screen."""
    desk = device.desk
    standing = desk.standing()

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "pin":
                _log_in(device, seat, str(tap.get("operator")), str(tap.get("pin")))
            case "without" if desk.may_go_without(device.station):
                seat.without, seat.place = True, Place.VISIT
                seat.settled()
                st.session_state.pop("visit", None)  # what somebody who had logged in entered
            case "back":
                seat.place = Place.VISIT
                seat.settled()

    mount(
        "unlock",
        {
            "texts": words.section("unlock", "pin"),
            "language": words.language,
            "operators": desk.operators(),
            "hints": {who: words.text("unlock.demonstration_pin", pin=pin) for who, pin in desk.pins.items()},
            "detail": _detail(words, device, standing),
            "important": standing is Standing.FAULT or desk.demonstration,
            "told": words.fault(seat.trouble) if seat.trouble else "",
            "tried": seat.tried,
            "wait_s": seat.wait_s,
            "attempt": seat.attempt,
            "back": seat.place is Place.UNLOCK,
            "without": seat.place is not Place.UNLOCK and desk.may_go_without(device.station),
        },
        on_tap,
    )


def _log_in(device: Device, seat: Seat, operator_id: str, pin: str) -> None:
    try:
        session = device.desk.log_in(operator_id, pin)
    except DermakioskError as error:
        seat.failed(error, operator_id)
    else:
        seat.log_in(session.number)


def _detail(words: Catalogue, device: Device, standing: Standing) -> str:
    desk = device.desk
    if standing is Standing.FAULT:
        at = desk.last_backup_at()
        last = words.text("unlock.no_backup") if at is None else words.text("unlock.last_backup", when=words.moment(at))
        return f"{words.fault(desk.fault)} {last}"
    if desk.demonstration:
        return words.text("unlock.demonstration")
    return words.text("unlock.locked" if standing is Standing.LOCKED else "unlock.idle")
