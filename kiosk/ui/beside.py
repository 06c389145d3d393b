"""What stands beside the examination: the desk's menu, the archive, an administrator's screen."""

from __future__ import annotations

from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.screens import archive, desk, kept, office, own_pin
from kiosk.ui.seat import Place, Seat
from kiosk.workflow.office import PERMISSIONS, Permission


def at(kiosk: Device, seat: Seat) -> bool:
    """Whether something beside the examination is on the screen; somebody who may not examine is never at one."""
    operator = kiosk.desk.operator(seat.number)
    if operator is None:
        return False
    if seat.place is Place.VISIT and Permission.EXAMINE not in PERMISSIONS[operator.role]:
        seat.place = Place.DESK
    return seat.place is not Place.VISIT


def draw(words: Catalogue, kiosk: Device, seat: Seat) -> None:
    """Draw it."""
    operator = kiosk.desk.operator(seat.number)
    if operator is None:
        return  # the session has just ended: the heartbeat brings the log-in
    match seat.place:
        case Place.ARCHIVE:
            archive.draw(words, kiosk, seat)
        case Place.EXAMINATION:
            kept.draw(words, kiosk, seat)
        case Place.OFFICE:
            office.draw(words, kiosk, seat, operator)
        case Place.PIN:
            own_pin.draw(words, kiosk, seat)
        case _:
            desk.draw(words, kiosk, seat, operator)
