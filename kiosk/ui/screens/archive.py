"""Archive: patients by code, and examinations with thumbnails, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from edge_models.errors import DermakioskError
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.lesion import ID, Lesion
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.packing import pack
from kiosk.ui.screens.lesion import lesion_name
from kiosk.ui.screens.start import place_name
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.archive import PAGE, WITHIN_DAYS, KnownPatient, Listed, Summary

OPEN_REFERRALS = "referrals"
"""The value of the choice that lists open referrals alone."""


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the page that the seat is at."""

    def on_tap(tap: Tap) -> None:
        code = str(tap.get("code", ""))[:16]
        match tap.get("name"):
            case "search":
                seat.look_for(replace(seat.listed, code="", lesion_id=""), prefix=code)
            case "patient":
                seat.look_for(replace(seat.listed, code=code, lesion_id=""))
            case "narrow":
                seat.look_for(_narrowed(seat.listed, tap))
            case "older" if seat.next_page is not None:
                seat.page = seat.next_page
            case "newest":
                seat.page = None
            case "open":
                seat.opened, seat.place = str(tap.get("id")), Place.EXAMINATION
            case "back":
                seat.look_for(Listed())
                seat.place = Place.DESK

    patients, lesions, rows, trouble = _page(device, seat)
    seat.next_page = rows[-1].place if len(rows) == PAGE else None
    thumbnails = [device.archive.thumbnail(seat.number, row.id) for row in rows] if not trouble else []
    listed = [_row(words, row) | {"bytes": len(jpeg)} for row, jpeg in zip(rows, thumbnails, strict=True)]
    none = words.fault(trouble) if trouble else "" if rows or patients else words.text("archive.none")
    choices, chosen = _choices(words, lesions), _chosen(seat.listed)
    said = {
        "texts": words.section("archive", "pin"),
        "code": seat.prefix or seat.listed.code,
        "choices": choices,
        "chosen": chosen,
        "narrowed": [
            label for name, offered in choices.items() for value, label in offered if value and value == chosen[name]
        ],
        "patients": [_patient(words, each) for each in patients],
        "rows": listed,
        "none": none,
        "older": seat.next_page is not None,
        "newest": seat.page is not None,
    }
    said["page"] = json.dumps([seat.attempt, said["code"], chosen, words.language, [row["id"] for row in listed], none])
    mount("archive", pack(said, b"".join(thumbnails)), on_tap)


class _Page(NamedTuple):
    """What is to be listed: patients, or examinations; the lesions of their patient; the code of what went wrong."""

    patients: Sequence[KnownPatient] = ()
    lesions: Sequence[Lesion] = ()
    rows: Sequence[Summary] = ()
    trouble: str = ""


def _page(device: Device, seat: Seat) -> _Page:
    try:
        if seat.prefix:
            patients = device.archive.patients(seat.number, seat.prefix)
            if len(patients) != 1:
                return _Page(patients=patients)
            seat.look_for(replace(seat.listed, code=patients[0].code))
        lesions = device.archive.lesions(seat.number, seat.listed.code) if seat.listed.code else []
        return _Page(lesions=lesions, rows=device.archive.page(seat.number, seat.listed, seat.page))
    except ValueError:  # a code that cannot be
        return _Page()
    except DermakioskError as error:
        return _Page(trouble=error.code)


def _choices(words: Catalogue, lesions: Sequence[Lesion]) -> dict[str, list[tuple[str, str]]]:
    """What a list can be narrowed by: for each, a value and its words; an empty value: it does not matter."""
    any_ = ("", words.text("archive.any"))
    followed = [(each.id, lesion_name(words, number, each)) for number, each in enumerate(lesions, 1)]
    return {
        **({"lesion": [any_, *followed]} if followed else {}),
        "show": [any_, (OPEN_REFERRALS, words.text("desk.referrals"))],
        "examined": [any_, *((str(days), words.count("archive.within", days, count=days)) for days in WITHIN_DAYS)],
        "verdict": [any_, *((level.value, words.text(f"advice.{level}.title")) for level in AdviceLevel)],
        "site": [any_, *((site.code, words.text(f"site.{site.code}")) for site in BodySite)],
    }


def _chosen(listed: Listed) -> dict[str, str]:
    """The value of each of `_choices` that was chosen."""
    return {
        "lesion": listed.lesion_id,
        "show": OPEN_REFERRALS if listed.referrals else "",
        "examined": str(listed.within_days or ""),
        "verdict": listed.verdict.value if listed.verdict else "",
        "site": listed.site.code if listed.site else "",
    }


def _narrowed(listed: Listed, tap: Tap) -> Listed:
    """The same patient's or everybody's, narrowed by what was chosen; what is no choice of the screen's is none."""
    within = {str(days): days for days in WITHIN_DAYS}
    levels = {level.value: level for level in AdviceLevel}
    sites = {site.code: site for site in BodySite}
    lesion_id = str(tap.get("lesion", ""))
    return Listed(
        code=listed.code,
        lesion_id=lesion_id if ID.fullmatch(lesion_id) else "",
        site=sites.get(str(tap.get("site"))),
        verdict=levels.get(str(tap.get("verdict"))),
        within_days=within.get(str(tap.get("examined"))),
        referrals=tap.get("show") == OPEN_REFERRALS,
    )


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
