"""Set-up: the first administrator, a PIN, and the recovery words, which are shown once."""

from __future__ import annotations

import logging
from datetime import date

from edge_models.errors import DermakioskError
from kiosk.errors import PinUnfit
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.seat import SAVED, Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.sheet import SheetTexts, save_sheet

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the screen; the recovery words where there are some to be shown."""

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "later":
                seat.later, seat.place = True, Place.VISIT
            case "set_up":
                _set_up(device, seat, str(tap.get("administrator")), str(tap.get("pin")))
            case "written":
                seat.words = seat.sheet = ""
            case "sheet" if seat.words and device.desk.config.sheet is not None:
                seat.sheet = save_sheet(device.desk, seat.words, _sheet_texts(words), date.today()) or SAVED
                seat.attempt += 1

    mount(
        "setup",
        {
            "texts": words.section("setup", "pin"),
            "language": words.language,
            "stick": device.desk.config.key_file is not None,
            "words": seat.words.split(),
            "sheet": device.desk.config.sheet is not None,
            "sheet_saved": seat.sheet == SAVED,
            "sheet_told": _said(words, seat),
            "attempt": seat.attempt,
            "told": words.fault(seat.trouble) if seat.trouble else "",
        },
        on_tap,
    )


def _said(words: Catalogue, seat: Seat) -> str:
    """What became of the sheet."""
    if not seat.sheet:
        return ""
    return words.text("setup.sheet_saved") if seat.sheet == SAVED else words.fault(seat.sheet)


def _sheet_texts(words: Catalogue) -> SheetTexts:
    return SheetTexts(
        words.language,
        title=words.text("sheet.title"),
        lead=words.text("sheet.lead"),
        keep=words.text("sheet.keep"),
        made=words.text("sheet.made"),
        date=words.day(date.today()),
        kiosk=words.text("sheet.kiosk"),
    )


def _set_up(device: Device, seat: Seat, name: str, pin: str) -> None:
    desk = device.desk
    try:
        words = desk.set_up(name, pin)
        session = desk.log_in(desk.operators()[0][0], pin)
    except DermakioskError as error:
        seat.failed(error)
    except ValueError as error:  # a name that the screen's keys cannot write
        _log.warning("a set-up was refused: %s", type(error).__name__)
        seat.failed(PinUnfit("The name or the PIN cannot be", "Enter another"))
    else:
        seat.log_in(session.number)
        seat.words, seat.place = words, Place.OFFICE  # whoever administrates examines nobody: operators come next
