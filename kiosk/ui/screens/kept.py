"""Kept: one examination of the archive as it was shown, and what people said of it since."""

from __future__ import annotations

import logging
from datetime import date

from edge_models.errors import DermakioskError
from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.examination import Examination
from kiosk.errors import NotInStore
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.packing import pack
from kiosk.ui.screens.result import describe
from kiosk.ui.screens.start import summary
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.ui.widgets.picture import display_jpeg
from kiosk.workflow.archive import Seen

OPEN = "open"
"""Chosen for a class that is none of the seven, or was left open."""

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, seat: Seat) -> None:
    """Draw the examination that the seat has opened."""

    def on_tap(tap: Tap) -> None:
        name = tap.get("name")
        if name == "back":
            seat.place = Place.ARCHIVE
            seat.settled()
        elif tap.get("id") == seat.opened:
            _change(device, seat, tap)

    try:
        seen = device.archive.examination(seat.number, seat.opened)
    except DermakioskError as error:
        seat.failed(error)
        seat.place = Place.ARCHIVE
        mount("kept", pack(_nothing(words, error.code), b""), on_tap)
        return
    mount("kept", pack(_told(words, seat, seen), _jpeg(seen)), on_tap)


def _change(device: Device, seat: Seat, tap: Tap) -> None:
    """What was tapped about the examination that is open."""
    archive, number, opened = device.archive, seat.number, seat.opened
    try:
        match tap.get("name"):
            case "judge":
                archive.judge(number, opened, AdviceLevel(str(tap.get("level"))), _lesion(tap))
            case "histology":
                archive.enter_histology(number, opened, _lesion(tap), date.today())
            case "delete":
                archive.delete(number, opened)
                seat.opened, seat.place = "", Place.ARCHIVE
    except DermakioskError as error:
        seat.failed(error)
    except ValueError as error:  # what a browser sent is no choice of the screen's: its kind is logged, never its words
        _log.warning("a choice was refused: %s", type(error).__name__)
        seat.failed(NotInStore("There is no such choice", "Choose again"))
    else:
        seat.settled()


def _lesion(tap: Tap) -> LesionClass | None:
    code = str(tap.get("lesion"))
    return None if code == OPEN else LesionClass.from_code(code)


def _jpeg(seen: Seen) -> bytes:
    frame = seen.examination.assessment.frame
    return b"" if frame is None or seen.picture_code else display_jpeg(frame.rgb)


def _told(words: Catalogue, seat: Seat, seen: Seen) -> dict[str, object]:
    examination = seen.examination
    lesions = [(lesion.code, words.text(f"lesion.{lesion.code}")) for lesion in LesionClass]
    may = {"judge": seen.may_judge, "histology": seen.may_enter_histology, "delete": seen.may_delete}
    no_picture = words.fault(seen.picture_code) if seen.picture_code else ""
    if examination.picture is None:
        no_picture = words.text("result.no_picture")
    said = describe(words, examination.assessment)
    followed = words.text("follow.known", number=seen.lesion_number) if seen.lesion_number else ""
    meta = [followed, seen.operator, words.text(f"consent.{examination.consent}")]
    return said | {
        "meta": [*said["meta"], *filter(None, meta)],  # type: ignore[misc]  # a list of words
        "texts": words.section("kept", "archive"),
        "id": examination.id,
        "summary": summary(words, examination.patient),
        "unshown": _unshown(words, seen),
        "judged": [*_verdicts(words, examination), *_histology(words, examination)],
        "levels": [(str(level), words.text(f"advice.{level}.title")) for level in AdviceLevel],
        "lesions": [*lesions, (OPEN, words.text("kept.open"))],
        "may": [name for name, granted in may.items() if granted],
        "no_picture": no_picture,
        "told": words.fault(seat.trouble) if seat.trouble else "",
    }


def _nothing(words: Catalogue, code: str) -> dict[str, object]:
    """What the screen says where there is no such examination."""
    band = {"level": "device_fault", "title": words.text("archive.none"), "detail": words.fault(code)}
    empty: dict[str, object] = {name: [] for name in ("bars", "notes", "unshown", "judged", "meta", "may", "levels")}
    texts = {"texts": words.section("kept", "archive"), "summary": "", "told": "", "no_picture": "", "id": ""}
    return {"band": band, "lesions": [], **empty, **texts}


def _unshown(words: Catalogue, seen: Seen) -> list[dict[str, str]]:
    if seen.unshown is None:
        return []
    return [
        {"name": words.text(f"lesion.{lesion.code}"), "label": words.percent(share), "why": ""}
        for lesion, share in seen.unshown.top(len(LesionClass))
    ]


def _verdicts(words: Catalogue, examination: Examination) -> list[str]:
    lines = []
    for verdict in examination.verdicts:
        lesion = words.text(f"lesion.{verdict.lesion.code}") if verdict.lesion else words.text("kept.open")
        phase = words.text(f"kept.{verdict.phase}")
        level = words.text(f"advice.{verdict.level}.title")
        lines.append(f"{phase}: {level} · {lesion} · {words.moment(verdict.given_at)}")
    return lines


def _histology(words: Catalogue, examination: Examination) -> list[str]:
    found = examination.histology
    if found is None:
        return []
    lesion = words.text(f"lesion.{found.lesion.code}") if found.lesion else words.text("kept.other")
    return [f"{words.text('kept.histology')}: {lesion} · {words.day(found.reported_on)}"]
