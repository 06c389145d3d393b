"""What is kept, as a screen may see it: every call names a session, which may do it or is refused and audited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from edge_models.labels import LesionClass
from edge_models.prediction import Prediction
from edge_models.triage import AdviceLevel
from kiosk.access.policy import PERMISSIONS, Permission
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.examination import ClinicalVerdict, Examination, Histology, Phase
from kiosk.clinical.frame import Frame
from kiosk.clinical.lesion import ID, Lesion
from kiosk.errors import NotInStore, StoreDamaged, StoreMissing
from kiosk.records.audit import Event
from kiosk.records.search import Filter, KnownPatient, Place, Summary
from kiosk.records.store import Store, utc_now
from kiosk.workflow.desk import Desk
from kiosk.workflow.encoding import decoded, small

__all__ = ["PAGE", "WITHIN_DAYS", "Archive", "KnownPatient", "Listed", "Place", "Seen", "Summary"]

THUMBNAIL_PX = 176
PAGE = 12
"""Of a list on the screen: few enough that their thumbnails are there at once."""
WITHIN_DAYS = (1, 7, 30, 365)
"""How far back a list may be narrowed."""


@dataclass(frozen=True)
class Listed:
    """Which examinations an operator wants listed; what is left as it is does not matter.

    Attributes:
        code: a patient's whole code.
        lesion_id: one of that patient's followed lesions.
        site: of the body.
        verdict: what the clinician said last.
        within_days: examined so many days ago at most, one of `WITHIN_DAYS`; None: at any time.
        referrals: only those whose referral is open.
    """

    code: str = ""
    lesion_id: str = ""
    site: BodySite | None = None
    verdict: AdviceLevel | None = None
    within_days: int | None = None
    referrals: bool = False


@dataclass(frozen=True, eq=False)
class Seen:
    """A kept examination as this operator may see it.

    Attributes:
        examination: its assessment without what was not shown, and with its picture as the frame.
        picture_code: what is wrong with its picture; empty: nothing, or it has none.
        unshown: what the model said without its being shown; None where there is nothing, or the role may not see it.
        operator: the name of who examined.
        lesion_number: counts the patient's followed lesions, from 1; 0: this one is not followed.
        may_judge: this operator may add a verdict.
        may_enter_histology: this operator may enter what the pathologist found.
        may_delete: this operator may delete it.
    """

    examination: Examination
    picture_code: str
    unshown: Prediction | None
    operator: str
    lesion_number: int
    may_judge: bool
    may_enter_histology: bool
    may_delete: bool


class Archive:
    """The kept examinations of a desk. Any thread may use it.

    Every method raises `SessionEnded` where the session is over, `NotPermitted` where its role may not, and
    `RecordsError` where the store fails.
    """

    def __init__(self, desk: Desk) -> None:
        """Look into the store behind a desk."""
        self._desk = desk

    def patients(self, number: int, prefix: str, after: str = "") -> list[KnownPatient]:
        """A page of patients whose code begins with `prefix`, by code, after the code `after`.

        Raises:
            ValueError: a prefix that no code can have.
        """
        _, store = self._desk.session(number, Permission.SEE_RECORDS)
        return store.patients(prefix, after, PAGE)

    def page(self, number: int, wanted: Listed, after: Place | None = None) -> list[Summary]:
        """A page of examinations, newest first.

        Raises:
            ValueError: a code that no patient can have.
        """
        session, store = self._desk.session(number, Permission.SEE_RECORDS)
        since = None if wanted.within_days is None else self._now() - timedelta(days=wanted.within_days)
        found = Filter(
            code=wanted.code,
            lesion_id=wanted.lesion_id,
            site=wanted.site,
            verdict=wanted.verdict,
            since=since,
            open_referrals=wanted.referrals,
        )
        return store.find(found, session.operator.id, after, PAGE)

    def lesions(self, number: int, code: str) -> list[Lesion]:
        """The followed lesions of a patient."""
        _, store = self._desk.session(number, Permission.SEE_RECORDS)
        return store.lesions(code)

    def examination(self, number: int, examination_id: str) -> Seen:
        """One examination; that it was seen is audited, and so is a guessed id.

        Raises:
            NotInStore: there is none with that id.
        """
        session, store = self._desk.session(number, Permission.SEE_RECORDS)
        self._check_id(store, examination_id, session.operator.id)
        kept = store.examination(examination_id, session.operator.id)
        may = PERMISSIONS[session.operator.role]
        names = {each.id: each.name for each in store.operators()}
        frame, picture_code = _frame(store, kept)
        return Seen(
            examination=replace(kept, assessment=replace(kept.assessment.shown(), frame=frame)),
            picture_code=picture_code,
            unshown=kept.assessment.withheld if Permission.RECONSTRUCT in may else None,
            operator=names.get(kept.operator_id, ""),
            lesion_number=_number(store, kept),
            may_judge=Permission.JUDGE in may,
            may_enter_histology=Permission.ENTER_HISTOLOGY in may,
            may_delete=Permission.DELETE in may,
        )

    def thumbnail(self, number: int, examination_id: str) -> bytes:
        """The picture of a listed examination as a small JPEG; empty where there is none that can be read."""
        _, store = self._desk.session(number, Permission.SEE_RECORDS)
        try:
            return small(store.picture(examination_id), THUMBNAIL_PX)
        except (NotInStore, StoreMissing, StoreDamaged):
            return b""

    def judge(
        self,
        number: int,
        examination_id: str,
        level: AdviceLevel,
        lesion: LesionClass | None,
        phase: Phase = Phase.AFTER,
    ) -> None:
        """Add the operator's own verdict, given before or after the model's was seen.

        Raises:
            NotInStore: there is no such examination.
            RecordsError: one from before, although one from after is there.
        """
        session, store = self._desk.session(number, Permission.JUDGE)
        self._check_id(store, examination_id, session.operator.id)
        store.add_verdict(examination_id, ClinicalVerdict(phase, level, lesion, session.operator.id, self._now()))

    def enter_histology(self, number: int, examination_id: str, lesion: LesionClass | None, reported_on: date) -> None:
        """Add what the pathologist found.

        Raises:
            NotInStore: there is no such examination.
        """
        session, store = self._desk.session(number, Permission.ENTER_HISTOLOGY)
        self._check_id(store, examination_id, session.operator.id)
        store.add_histology(examination_id, Histology(lesion, reported_on, session.operator.id, self._now()))

    def delete(self, number: int, examination_id: str) -> None:
        """Destroy an examination and its picture's key.

        Raises:
            NotInStore: there is no such examination.
        """
        session, store = self._desk.session(number, Permission.DELETE)
        self._check_id(store, examination_id, session.operator.id)
        store.delete(examination_id, session.operator.id, "on the screen")

    @staticmethod
    def _now() -> datetime:
        return utc_now()

    @staticmethod
    def _check_id(store: Store, examination_id: str, by: str) -> None:
        if not ID.fullmatch(examination_id) or not store.has(examination_id):
            # what a browser sent may be anything: it is not repeated
            store.note(Event.REFUSED, by, detail="no such examination", success=False)
            raise NotInStore("There is no such examination", "Search for it again: it may have been deleted")


def _number(store: Store, kept: Examination) -> int:
    """Which of its patient's lesions an examination shows; 0 where that is not followed."""
    if kept.lesion is None:
        return 0
    return 1 + [each.id for each in store.lesions(kept.patient.code)].index(kept.lesion.id)


def _frame(store: Store, kept: Examination) -> tuple[Frame | None, str]:
    """The kept picture as a frame, and what is wrong with it; black where it cannot be read."""
    about = kept.picture
    if about is None:
        return None, ""
    code, rgb = "", np.zeros((3, 4, 3), np.uint8)
    try:
        rgb = decoded(store.picture(kept.id))
    except (StoreMissing, StoreDamaged) as error:
        code = error.code
    return Frame(rgb, about.captured_at, about.source, about.simulated, about.settings), code
