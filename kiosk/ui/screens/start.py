"""Start: the patient's code, age and sex and the lesion's site, by keypad and picker; all of it may be skipped."""

from __future__ import annotations

import logging

from kiosk.clinical.body_site import BodySite
from kiosk.clinical.patient import MAX_AGE_YEARS, Patient, Sex
from kiosk.text import section, text
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.visit import Visit

HEAD_TO_FOOT = (
    *(BodySite.SCALP, BodySite.FACE, BodySite.EAR),
    *(BodySite.NECK, BodySite.CHEST, BodySite.BACK),
    *(BodySite.ABDOMEN, BodySite.TRUNK, BodySite.GENITAL),
    *(BodySite.UPPER_EXTREMITY, BodySite.HAND, BodySite.LOWER_EXTREMITY),
    *(BodySite.FOOT, BodySite.ACRAL),
)
"""Every site, in the order an examiner goes; three to a row."""

_log = logging.getLogger(__name__)


def draw(visit: Visit) -> None:
    """Draw the screen with what was entered before."""

    def on_tap(tap: Tap) -> None:
        patient = read(tap)
        if patient is not None:
            visit.confirm(patient)

    entered = visit.patient
    mount(
        "start",
        {
            "texts": section("start"),
            "max_age": MAX_AGE_YEARS,
            "choices": {
                "sex": [(str(sex), text(f"sex.{sex}")) for sex in Sex],
                "site": [(str(site), site_name(site)) for site in HEAD_TO_FOOT],
            },
            "entered": {
                "code": entered.code,
                "age": "" if entered.age_years is None else str(entered.age_years),
                "sex": str(entered.sex or ""),
                "site": str(entered.site or ""),
            },
        },
        on_tap,
    )


def read(tap: Tap) -> Patient | None:
    """What a tap on Continue brings from the browser; None where it is not what the screen can send."""
    code, age, sex, site = (tap.get(name, "") for name in ("code", "age", "sex", "site"))
    if not (isinstance(code, str) and isinstance(age, str) and isinstance(sex, str) and isinstance(site, str)):
        return None
    try:
        return Patient(
            code=code,
            age_years=int(age) if age else None,
            sex=Sex(sex) if sex else None,
            site=BodySite(site) if site else None,
        )
    except ValueError as error:
        _log.warning("details refused: %s", error)
        return None


def site_name(site: BodySite) -> str:
    """A body site in the operator's words."""
    return text(f"site.{site.replace(' ', '_')}")


def summary(patient: Patient) -> str:
    """An patient in one line, "M-2047 · 58 y · Female · Back"."""
    parts = [patient.code]
    if patient.age_years is not None:
        parts.append(text("patient.years", age=patient.age_years))
    if patient.sex is not None:
        parts.append(text(f"sex.{patient.sex}"))
    if patient.site is not None:
        parts.append(site_name(patient.site))
    return " · ".join(part for part in parts if part) or text("patient.anonymous")
