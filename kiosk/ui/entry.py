"""What stands before the examination: the first set-up, the log-in, and a case that could not be saved."""

from __future__ import annotations

import streamlit as st

from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.screens import setup, unlock
from kiosk.ui.seat import Place, Seat
from kiosk.workflow.desk import Standing
from kiosk.workflow.keeping import Keeping, Kept
from kiosk.workflow.office import PERMISSIONS, Permission
from kiosk.workflow.visit import Step, Visit


def needed(kiosk: Device, seat: Seat) -> bool:
    """Whether something stands before the examination; what belongs to a session that is over is forgotten here."""
    desk = kiosk.desk
    standing = desk.standing()
    if seat.number and desk.operator(seat.number) is None:
        seat.leave()
        if standing is not Standing.IDLE:
            st.session_state.pop("visit", None)
    if seat.words or (seat.place is Place.UNLOCK and standing is not Standing.NONE):
        return True
    if standing is Standing.NONE or seat.number:
        return False
    if standing is Standing.UNSET:
        return not seat.later
    if seat.without:
        _own_up(kiosk)
        if desk.may_go_without(kiosk.station):
            return False
    seat.without = False
    return True


def asks_first(kiosk: Device, seat: Seat, visit: Visit, assessment: Assessment, keeping: Keeping | None) -> bool:
    """Whether a clinician is asked for an own verdict before the result of a saved case is shown."""
    operator = kiosk.desk.operator(seat.number)
    if not kiosk.desk.config.own_verdict_first or operator is None or seat.judged == visit.ticket:
        return False
    speaks = assessment.outcome in (Outcome.RESULT, Outcome.NO_RESULT)
    saved = keeping is not None and keeping.kept is Kept.SAVED
    return speaks and saved and Permission.JUDGE in PERMISSIONS[operator.role]


def _own_up(kiosk: Device) -> None:
    """The case that was captured here without a log-in is nobody else's, and is never kept."""
    visit: Visit | None = st.session_state.get("visit")
    case = kiosk.station.current()
    if visit is not None and case is not None and case.ticket == visit.ticket:
        kiosk.desk.go_without(case.ticket)


def draw(words: Catalogue, kiosk: Device, seat: Seat) -> None:
    """Draw what stands before the examination."""
    if seat.words or kiosk.desk.standing() is Standing.UNSET:
        setup.draw(words, kiosk, seat)
    else:
        unlock.draw(words, kiosk, seat)


def keeps(kiosk: Device, seat: Seat) -> bool:
    """Whether what is examined here is kept: somebody has logged in who examines."""
    operator = kiosk.desk.operator(seat.number)
    return operator is not None and Permission.EXAMINE in PERMISSIONS[operator.role]


def capture(kiosk: Device, seat: Seat, visit: Visit) -> None:
    """Take the picture of a visit at Capture; without a log-in the case is one that is not kept, from the start."""
    if visit.step is not Step.CAPTURE:
        return

    def begin() -> str:
        visit.capture()
        return visit.ticket

    if seat.number or kiosk.desk.standing() in (Standing.NONE, Standing.UNSET):
        begin()
    else:
        kiosk.desk.begin_without(begin)


def keep(kiosk: Device, seat: Seat, visit: Visit, timeout_s: float) -> Keeping | None:
    """Have the visit's case in the store before it is shown.

    Returns:
        What became of it; None where nothing is kept on this kiosk.

    Raises:
        KeyError: somebody else has done the case.
    """
    desk = kiosk.desk
    if desk.standing() in (Standing.NONE, Standing.UNSET):
        return None
    if not seat.number:
        return desk.go_without(visit.ticket)
    return desk.keep(kiosk.station, visit.ticket, seat.number, timeout_s)
