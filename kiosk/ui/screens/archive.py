"""Archive: patients by code, and examinations with thumbnails, a page at a time."""

from __future__ import annotations

import json

from edge_models.errors import DermakioskError
from kiosk.clinical.assessment import Outcome
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.packing import pack
from kiosk.ui.screens.start import place_name
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.archive import PAGE, Filter, KnownPatient, Summary


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the page that the seat is at."""

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "search" | "patient":
                seat.look_for(str(tap.get("code", ""))[:16], whole=tap.get("name") == "patient")
            case "referrals":
                seat.look_for("", referrals=not seat.referrals)
            case "older" if seat.next_page is not None:
                seat.page = seat.next_page
            case "newest":
                seat.page = None
            case "open":
                seat.opened, seat.place = str(tap.get("id")), Place.EXAMINATION
            case "back":
                seat.look_for("")
                seat.place = Place.DESK

    patients, rows, trouble = _page(device, seat)
    seat.next_page = rows[-1].place if len(rows) == PAGE else None
    thumbnails = [device.archive.thumbnail(seat.number, row.id) for row in rows] if not trouble else []
    listed = [_row(words, row) | {"bytes": len(jpeg)} for row, jpeg in zip(rows, thumbnails, strict=True)]
    none = words.fault(trouble) if trouble else "" if rows or patients else words.text("archive.none")
    said = {
        "texts": words.section("archive", "desk", "pin"),
        "code": seat.code,
        "referrals": seat.referrals,
        "patients": [_patient(words, each) for each in patients],
        "rows": listed,
        "none": none,
        "older": seat.next_page is not None,
        "newest": seat.page is not None,
    }
    said["page"] = json.dumps(
        [seat.attempt, seat.code, seat.referrals, words.language, [row["id"] for row in listed], none]
    )
    mount("archive", pack(said, b"".join(thumbnails)), on_tap)


def _page(device: Device, seat: Seat) -> tuple[list[KnownPatient], list[Summary], str]:
    """Patients and examinations to be listed, and the code of what went wrong."""
    try:
        if seat.code and not seat.whole_code:
            patients = device.archive.patients(seat.number, seat.code)
            if len(patients) != 1:
                return patients, [], ""
            seat.look_for(patients[0].code, whole=True)
        wanted = Filter(code=seat.code, open_referrals=seat.referrals)
        return [], device.archive.page(seat.number, wanted, seat.page), ""
    except ValueError:  # a code that cannot be
        return [], [], ""
    except DermakioskError as error:
        return [], [], error.code


def _patient(words: Catalogue, patient: KnownPatient) -> dict[str, str]:
    count = words.count("archive.examinations", patient.examinations, count=patient.examinations)
    return {"code": patient.code, "about": f"{count} · {words.day(patient.last_examined_at)}"}


def _row(words: Catalogue, row: Summary) -> dict[str, object]:
    advice = row.advice if row.outcome is Outcome.RESULT else None
    return {
        "id": row.id,
        "title": row.code or words.text("patient.anonymous"),
        "place": place_name(words, row.site, row.side),
        "when": words.moment(row.examined_at),
        "level": str(advice or row.outcome),
        "said": words.text(f"advice.{advice}.title" if advice else f"outcome.{row.outcome}"),
        "verdict": words.text(f"advice.{row.verdict}.title") if row.verdict else "",
        "open": words.text("archive.open") if row.referral_open else "",
    }
