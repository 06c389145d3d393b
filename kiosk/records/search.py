"""Lists of what is kept, newest first, a page at a time: a page starts after a row's own place, never at a count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import ExaminationId
from kiosk.clinical.patient import Patient
from kiosk.records.database import Connection, Row
from kiosk.records.rows import utc

PAGE = 50
_LAST_CHARACTER = "\x7f"  # after every character of a code


class Place(NamedTuple):
    """Where a row stands in a list: the next page starts after it."""

    examined_at: str
    seq: int


@dataclass(frozen=True)
class Filter:
    """What is looked for; what is left as it is does not matter.

    Attributes:
        code: a patient's whole code.
        lesion_id: a lesion's.
        site: of the body.
        advice: what the kiosk advised.
        verdict: what the clinician said last.
        since: from that time on.
        until: before that time.
        open_referrals: only those that wait for their outcome.

    Raises:
        ValueError: a code that cannot be.
    """

    code: str = ""
    lesion_id: str = ""
    site: BodySite | None = None
    advice: AdviceLevel | None = None
    verdict: AdviceLevel | None = None
    since: datetime | None = None
    until: datetime | None = None
    open_referrals: bool = False

    def __post_init__(self) -> None:
        Patient(code=self.code)


@dataclass(frozen=True)
class Summary:
    """An examination in a list; `place` is where the page after it starts."""

    id: ExaminationId
    place: Place
    code: str
    lesion_id: str
    site: BodySite | None
    side: Side | None
    examined_at: datetime
    operator_id: str
    outcome: Outcome
    advice: AdviceLevel | None
    likeliest: LesionClass | None
    verdict: AdviceLevel | None
    referral_open: bool


@dataclass(frozen=True)
class KnownPatient:
    """A patient in a list."""

    code: str
    examinations: int
    last_examined_at: datetime


def find(connection: Connection, wanted: Filter, after: Place | None = None, limit: int = PAGE) -> list[Summary]:
    """Examinations, newest first; at most `limit`.

    Args:
        connection: on the database's thread.
        wanted: what is looked for.
        limit: of a page.
        after: the place of the last one that is known already; None for the first page.
    """
    conditions, values = _conditions(connection, wanted)
    if after is not None:
        conditions.append("(e.examined_at, e.seq) < (?, ?)")
        values += [after.examined_at, after.seq]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        "SELECT e.id, e.examined_at, e.seq, p.code, e.lesion_id, e.site, e.side, e.operator_id, e.outcome, e.advice, "  # noqa: S608 - fixed words
        "e.likeliest, e.verdict, e.referral_open FROM examinations e JOIN patients p ON p.id = e.patient_id "
        f"{where} ORDER BY e.examined_at DESC, e.seq DESC LIMIT ?",
        (*values, limit),
    )
    return [_summary(row) for row in rows]


def find_patients(connection: Connection, prefix: str = "", after: str = "", limit: int = PAGE) -> list[KnownPatient]:
    """Patients whose code begins with `prefix`, by code; at most `limit`.

    Args:
        connection: on the database's thread.
        prefix: what their codes begin with.
        limit: of a page.
        after: the last code that is known already; empty for the first page.

    Raises:
        ValueError: a prefix that no code can have.
    """
    Patient(code=prefix)
    Patient(code=after)
    rows = connection.execute(
        "SELECT p.code, count(*), max(e.examined_at) FROM (SELECT id, code FROM patients WHERE code >= ? AND code > ? "
        "AND code < ? ORDER BY code LIMIT ?) p JOIN examinations e ON e.patient_id = p.id "
        "GROUP BY p.code ORDER BY p.code",
        (prefix, after, prefix + _LAST_CHARACTER, limit),
    )
    return [KnownPatient(code, count, datetime.fromisoformat(last)) for code, count, last in rows]


def _summary(row: Row) -> Summary:
    id_, at, seq, code, lesion_id, site, side, operator_id, outcome, advice, likeliest, verdict, referral_open = row
    return Summary(
        id=ExaminationId(id_),
        place=Place(at, seq),
        code=code or "",
        lesion_id=lesion_id or "",
        site=BodySite.from_code(site) if site else None,
        side=Side(side) if side else None,
        examined_at=datetime.fromisoformat(at),
        operator_id=operator_id,
        outcome=Outcome(outcome),
        advice=AdviceLevel(advice) if advice else None,
        likeliest=LesionClass.from_code(likeliest) if likeliest else None,
        verdict=AdviceLevel(verdict) if verdict else None,
        referral_open=bool(referral_open),
    )


def _conditions(connection: Connection, wanted: Filter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if wanted.code:
        found = connection.execute("SELECT id FROM patients WHERE code = ?", (wanted.code,)).fetchone()
        conditions.append("e.patient_id = ?")
        values.append(found[0] if found else "")
    for column, value in (
        ("e.lesion_id", wanted.lesion_id or None),
        ("e.site", wanted.site and wanted.site.code),
        ("e.advice", wanted.advice and wanted.advice.value),
        ("e.verdict", wanted.verdict and wanted.verdict.value),
    ):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    for comparison, time in ((">=", wanted.since), ("<", wanted.until)):
        if time is not None:
            conditions.append(f"e.examined_at {comparison} ?")
            values.append(utc(time))
    if wanted.open_referrals:
        conditions.append("e.referral_open = 1")
    return conditions, values
