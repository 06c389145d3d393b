"""Lesion: which of the patient's followed lesions this is, on a drawing of the body, and what pictures are kept for."""

from __future__ import annotations

import logging

from edge_models.errors import DermakioskError
from kiosk.clinical.about import new_id
from kiosk.clinical.examination import Consent
from kiosk.clinical.lesion import BodyPoint, BodyView, Lesion
from kiosk.text.catalogue import Catalogue
from kiosk.ui.body_map import HEIGHT, REGIONS, WIDTH, region_at
from kiosk.ui.device import Device
from kiosk.ui.screens.start import place_name, summary
from kiosk.ui.seat import Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.visit import Visit

NEW, NONE = "new", ""
"""Chosen in the place of a known lesion's id: one that is seen for the first time, and one that is not followed."""

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, seat: Seat, visit: Visit) -> None:
    """Draw the screen of a visit that is kept."""
    known, trouble = _known(device, seat, visit)

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "back":
                visit.back()
            case "follow":
                try:
                    visit.follow(_chosen(tap, known, visit), Consent(str(tap.get("consent"))))
                except (ValueError, TypeError, KeyError) as error:
                    # what a browser sent is no choice of the screen's: its kind is logged, never its words
                    _log.warning("a lesion was refused: %s", type(error).__name__)

    mount(
        "lesion",
        {
            "texts": words.section("follow"),
            "page": f"{visit.id}-{visit.lesion}-{words.language}-{len(known)}",
            "summary": summary(words, visit.patient),
            "told": words.fault(trouble) if trouble else "" if visit.patient.code else words.text("follow.no_code"),
            "may_follow": bool(visit.patient.code) and not trouble,
            "size": [WIDTH, HEIGHT],
            "views": [(str(view), words.text(f"follow.{view}")) for view in BodyView],
            "regions": [
                {
                    "view": str(region.view),
                    "points": " ".join(f"{x},{y}" for x, y in region.corners),
                    "name": place_name(words, region.site, region.side),
                }
                for region in REGIONS
            ],
            "lesions": [
                {
                    "id": each.id,
                    "name": words.text("follow.known", number=number),
                    "place": place_name(words, each.site, each.side),
                    **_at(each.point),
                }
                for number, each in enumerate(known, 1)
            ],
            "place": place_name(words, visit.patient.site, visit.patient.side),
            "chosen": "" if visit.followed is None else visit.followed.id,
            "consents": [(str(consent), words.text(f"consent.{consent}")) for consent in Consent],
            "consent": str(visit.consent),
        },
        on_tap,
    )


def lesion_name(words: Catalogue, number: int, lesion: Lesion) -> str:
    """A followed lesion in one line, "Lesion 2 · Arm, left"; `number` counts those of its patient, from 1."""
    return f"{words.text('follow.known', number=number)} · {place_name(words, lesion.site, lesion.side)}"


def _known(device: Device, seat: Seat, visit: Visit) -> tuple[list[Lesion], str]:
    """The patient's lesions, one that was chosen just now among them; and the code of what went wrong."""
    if not visit.patient.code:
        return [], ""
    try:
        known = device.archive.lesions(seat.number, visit.patient.code)
    except DermakioskError as error:
        return [], error.code
    fresh = visit.followed
    return known if fresh is None or fresh.id in {each.id for each in known} else [*known, fresh], ""


def _chosen(tap: Tap, known: list[Lesion], visit: Visit) -> Lesion | None:
    """The lesion that a tap means.

    Raises:
        ValueError, TypeError, KeyError: it means none that could be.
    """
    chosen = tap.get("lesion")
    if chosen == NONE or not visit.patient.code:
        return None
    if chosen != NEW:
        return {each.id: each for each in known}[str(chosen)]
    if tap.get("view"):
        point = BodyPoint(BodyView(str(tap["view"])), float(tap["x"]), float(tap["y"]))
        region = region_at(point)
        if region is None:
            raise ValueError("the point lies beside the body")
        return Lesion(new_id(), region.site, region.side, point)
    if visit.patient.site is None:
        raise ValueError("nobody said where it is")
    return Lesion(new_id(), visit.patient.site, visit.patient.side)


def _at(point: BodyPoint | None) -> dict[str, object]:
    return {} if point is None else {"view": str(point.view), "x": point.x, "y": point.y}
