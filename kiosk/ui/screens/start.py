"""Start: the patient's code, age and sex and the lesion's site, by keypad and picker; all of it may be skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.patient import CODE, MAX_AGE_YEARS, Patient, Sex
from kiosk.clinical.scope import TOLD_BY_OPERATOR, ScopeLimit
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.language import COOKIE
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.desk import Standing
from kiosk.workflow.visit import Visit

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, visit: Visit, speak: Callable[[str], None]) -> None:
    """Draw the screen with what was entered before; `speak` is called with the language that was chosen."""

    def on_tap(tap: Tap) -> None:
        if tap.get("name") == "language":
            speak(str(tap.get("language")))
            return
        patient = read(tap)
        if patient is not None:
            visit.confirm(patient)

    entered = visit.patient
    loss = device.station.loss()
    mount(
        "start",
        {
            "texts": words.section("start", "patient"),
            "language": words.language,
            "languages": list(LANGUAGES.items()),
            "cookie": COOKIE,
            "faults": words.faults(),
            "loss": words.text(f"start.lost_{loss}") if loss else "",
            "boot": device.boot,
            "outlives": device.desk.standing() is Standing.NONE,  # with records somebody else may have logged in since
            "turn": visit.turn,
            "field": "site" if visit.lesion > 1 else "code",
            "code": CODE,
            "max_age": MAX_AGE_YEARS,
            "choices": {
                "sex": [(str(sex), words.text(f"sex.{sex}")) for sex in Sex],
                "site": [(site.code, words.text(f"site.{site.code}")) for site in BodySite],
                "told": [(str(limit), words.text(f"scope.{limit}.ask")) for limit in TOLD_BY_OPERATOR],
            },
            "sides": {site.code: [(str(side), words.text(f"side.{side}")) for side in site.sides] for site in BodySite},
            "entered": {
                "code": entered.code,
                "age": "" if entered.age_years is None else str(entered.age_years),
                "sex": str(entered.sex or ""),
                "site": entered.site.code if entered.site else "",
                "side": str(entered.side or ""),
                "told": sorted(entered.told),
            },
        },
        on_tap,
    )


def read(tap: Tap) -> Patient | None:
    """What a tap on Continue brings from the browser; None where it is not what the screen can send."""
    code, age, sex, site, side = (tap.get(name, "") for name in ("code", "age", "sex", "site", "side"))
    told = tap.get("told", [])
    if not (isinstance(code, str) and isinstance(age, str) and isinstance(sex, str) and isinstance(site, str)):
        return None
    if not (isinstance(side, str) and isinstance(told, list)):
        return None
    try:
        return Patient(
            code=code,
            age_years=int(age) if age else None,
            sex=Sex(sex) if sex else None,
            site=BodySite.from_code(site) if site else None,
            side=Side(side) if side else None,
            told=frozenset(ScopeLimit(limit) for limit in told),
        )
    except (ValueError, TypeError) as error:
        # what a browser sent may be anything of any length: its kind is logged, never its words
        _log.warning("details refused: %s", type(error).__name__)
        return None


def place_name(words: Catalogue, site: BodySite | None, side: Side | None) -> str:
    """Where a lesion is in the operator's words, "Arm, left"; empty where nobody said it."""
    if site is None:
        return ""
    name = words.text(f"site.{site.code}")
    return name if side is None else words.text("patient.site_and_side", site=name, side=words.text(f"side.{side}"))


def summary(words: Catalogue, patient: Patient) -> str:
    """A patient in one line, "M-2047 · 58 y · Female · Arm, left"."""
    parts = [patient.code]
    if patient.age_years is not None:
        parts.append(words.count("patient.years", patient.age_years, age=patient.age_years))
    if patient.sex is not None:
        parts.append(words.text(f"sex.{patient.sex}"))
    parts.append(place_name(words, patient.site, patient.side))
    return " · ".join(part for part in parts if part) or words.text("patient.anonymous")
