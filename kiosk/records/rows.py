"""Clinical values ↔ rows. Every function runs on the database's thread, within a transaction of its caller."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import ClinicalVerdict, Consent, Examination, ExaminationId, Histology, Phase, Picture
from kiosk.clinical.lesion import BodyPoint, BodyView, Lesion
from kiosk.clinical.operator import Operator, Role
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.scope import ScopeLimit
from kiosk.errors import NotInStore, RecordsError
from kiosk.records.database import Connection
from kiosk.records.documents import assessment_from_json, assessment_to_json, picture_from_json, picture_to_json
from kiosk.records.images import Sealed

_COLUMNS = (
    "seq, id, visit_id, patient_id, lesion_id, operator_id, consent, examined_at, age_years, sex, site, side, told, "
    "outcome, advice, likeliest, verdict, referral_open"
)


def utc(time: datetime) -> str:
    """A time as rows hold it: UTC, and the later the greater."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def insert_examination(connection: Connection, examination: Examination, sealed: Sealed | None) -> int:
    """Add an examination with all that belongs to it.

    Returns:
        Its sequence number.

    Raises:
        RecordsError: its id is taken, or its lesion is another patient's.
    """
    if connection.execute("SELECT 1 FROM examinations WHERE id = ?", (examination.id,)).fetchone():
        raise RecordsError("This examination is in the records already", "Start a new one")
    patient_id = _put_patient(connection, examination)
    if examination.lesion is not None:
        _put_lesion(connection, examination.lesion, patient_id)
    patient, assessment = examination.patient, examination.assessment
    likeliest = assessment.prediction.top(1)[0][0].code if assessment.prediction else None
    values = (
        examination.id,
        examination.visit_id,
        patient_id,
        examination.lesion.id if examination.lesion else None,
        examination.operator_id,
        examination.consent.value,
        utc(examination.examined_at),
        patient.age_years,
        patient.sex.value if patient.sex else None,
        patient.site.code if patient.site else None,
        patient.side.value if patient.side else None,
        ",".join(sorted(limit.value for limit in patient.told)),
        assessment.outcome.value,
        assessment.advice.level.value if assessment.advice else None,
        likeliest,
        None,
        int(examination.referral_open),
    )
    holes = ", ".join("?" * (len(values) + 1))
    seq = connection.execute(f"INSERT INTO examinations ({_COLUMNS}) VALUES ({holes})", (None, *values)).lastrowid  # noqa: S608 - fixed words
    connection.execute("INSERT INTO assessments VALUES (?, ?)", (seq, assessment_to_json(assessment)))
    if sealed is not None and examination.picture is not None:
        connection.execute(
            "INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?)",
            (seq, sealed.name, sealed.key, sealed.sha256, sealed.size_bytes, picture_to_json(examination.picture)),
        )
    for verdict in examination.verdicts:
        insert_verdict(connection, seq, verdict)
    if examination.histology is not None:
        insert_histology(connection, seq, examination.histology)
    return seq


def insert_verdict(connection: Connection, seq: int, verdict: ClinicalVerdict) -> None:
    """Add a clinician's verdict; those before it stay."""
    connection.execute(
        "INSERT INTO verdicts (examination, phase, level, lesion, operator_id, given_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            seq,
            verdict.phase.value,
            verdict.level.value,
            verdict.lesion.code if verdict.lesion else None,
            verdict.operator_id,
            verdict.given_at.isoformat(),
        ),
    )
    connection.execute("UPDATE examinations SET verdict = ? WHERE seq = ?", (verdict.level.value, seq))


def insert_histology(connection: Connection, seq: int, histology: Histology) -> None:
    """Add a pathologist's finding; one that it corrects stays."""
    connection.execute(
        "INSERT INTO histology (examination, lesion, reported_on, operator_id, entered_at) VALUES (?, ?, ?, ?, ?)",
        (
            seq,
            histology.lesion.code if histology.lesion else None,
            histology.reported_on.isoformat(),
            histology.operator_id,
            histology.entered_at.isoformat(),
        ),
    )


def set_referral(connection: Connection, examination_id: str) -> None:
    """Let the row say whether the referral is open, as the whole examination does."""
    seq, examination = read_examination(connection, examination_id)
    connection.execute("UPDATE examinations SET referral_open = ? WHERE seq = ?", (int(examination.referral_open), seq))


def seq_of(connection: Connection, examination_id: str) -> int:
    """The sequence number of an examination.

    Raises:
        NotInStore: there is none with that id.
    """
    found = connection.execute("SELECT seq FROM examinations WHERE id = ?", (examination_id,)).fetchone()
    if found is None:
        raise NotInStore("There is no such examination", "Search for it again: it may have been deleted")
    return int(found[0])


def read_examination(connection: Connection, examination_id: str) -> tuple[int, Examination]:
    """An examination and its sequence number.

    Raises:
        NotInStore: there is none with that id.
        StoreDamaged: what is kept of it cannot be read.
    """
    seq = seq_of(connection, examination_id)
    row = connection.execute(
        "SELECT e.visit_id, p.code, e.lesion_id, e.operator_id, e.consent, e.age_years, e.sex, e.site, e.side, e.told "
        "FROM examinations e JOIN patients p ON p.id = e.patient_id WHERE e.seq = ?",
        (seq,),
    ).fetchone()
    visit_id, code, lesion_id, operator_id, consent, age_years, sex, site, side, told = row
    (document,) = connection.execute("SELECT document FROM assessments WHERE examination = ?", (seq,)).fetchone()
    return seq, Examination(
        id=ExaminationId(examination_id),
        visit_id=visit_id,
        patient=Patient(
            code or "",
            age_years,
            Sex(sex) if sex else None,
            BodySite.from_code(site) if site else None,
            Side(side) if side else None,
            frozenset(map(ScopeLimit, filter(None, told.split(",")))),
        ),
        lesion=read_lesion(connection, lesion_id) if lesion_id else None,
        operator_id=operator_id,
        consent=Consent(consent),
        assessment=assessment_from_json(document),
        picture=_read_picture(connection, seq),
        verdicts=_read_verdicts(connection, seq),
        histology=_read_histology(connection, seq),
    )


def read_lesion(connection: Connection, lesion_id: str) -> Lesion:
    """A lesion.

    Raises:
        NotInStore: there is none with that id.
    """
    row = connection.execute("SELECT site, side, view, x, y FROM lesions WHERE id = ?", (lesion_id,)).fetchone()
    if row is None:
        raise NotInStore("There is no such lesion", "Search for it again: it may have been deleted")
    site, side, view, x, y = row
    point = None if view is None else BodyPoint(BodyView(view), x, y)
    return Lesion(lesion_id, BodySite.from_code(site), Side(side) if side else None, point)


def delete_examination(connection: Connection, seq: int) -> str | None:
    """Delete an examination, its picture's key first; a patient and a lesion without examinations go with it.

    Returns:
        The name of the sealed file that nothing opens any more; None where there was no picture.
    """
    found = connection.execute("SELECT file FROM pictures WHERE examination = ?", (seq,)).fetchone()
    patient_id, lesion_id = connection.execute(
        "SELECT patient_id, lesion_id FROM examinations WHERE seq = ?", (seq,)
    ).fetchone()
    for table in ("pictures", "assessments", "verdicts", "histology"):
        connection.execute(f"DELETE FROM {table} WHERE examination = ?", (seq,))  # noqa: S608 - fixed words
    connection.execute("DELETE FROM examinations WHERE seq = ?", (seq,))
    connection.execute(
        "DELETE FROM lesions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM examinations WHERE lesion_id = lesions.id)",
        (lesion_id,),
    )
    connection.execute(
        "DELETE FROM patients WHERE id = ? AND NOT EXISTS (SELECT 1 FROM examinations WHERE patient_id = patients.id) "
        "AND NOT EXISTS (SELECT 1 FROM lesions WHERE patient_id = patients.id)",
        (patient_id,),
    )
    return None if found is None else str(found[0])


def put_operator(connection: Connection, operator: Operator) -> None:
    """Add an operator, or change one."""
    connection.execute(
        "INSERT INTO operators VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, active = excluded.active",
        (operator.id, operator.name, operator.role.value, int(operator.active)),
    )


def read_operators(connection: Connection) -> list[Operator]:
    """All operators by name, those who have left too."""
    rows = connection.execute("SELECT id, name, role, active FROM operators ORDER BY name, id")
    return [Operator(id_, name, Role(role), bool(active)) for id_, name, role, active in rows]


def read_fact(connection: Connection, name: str) -> bytes:
    """What the store knows of itself."""
    row: Any = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return bytes(row[0])


def put_fact(connection: Connection, name: str, value: bytes) -> None:
    """Note what the store knows of itself."""
    connection.execute("INSERT INTO facts VALUES (?, ?)", (name, value))


def _put_patient(connection: Connection, examination: Examination) -> str:
    """The id of the patient with the examination's code; without a code, every visit is a patient of its own."""
    code = examination.patient.code or None
    row = connection.execute("SELECT id FROM patients WHERE code = ?", (code,)).fetchone()
    if row is not None:
        return str(row[0])
    connection.execute(
        "INSERT INTO patients VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (examination.visit_id if code is None else examination.id, code, utc(examination.examined_at)),
    )
    return examination.visit_id if code is None else examination.id


def _put_lesion(connection: Connection, lesion: Lesion, patient_id: str) -> None:
    owner = connection.execute("SELECT patient_id FROM lesions WHERE id = ?", (lesion.id,)).fetchone()
    if owner is not None and owner[0] != patient_id:
        raise RecordsError("The lesion is another patient's", "Choose the patient again")
    point = lesion.point
    place = (None, None, None) if point is None else (point.view.value, point.x, point.y)
    side = lesion.side.value if lesion.side else None
    connection.execute(
        "INSERT INTO lesions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "site = excluded.site, side = excluded.side, view = excluded.view, x = excluded.x, y = excluded.y",
        (lesion.id, patient_id, lesion.site.code, side, *place),
    )


def _read_picture(connection: Connection, seq: int) -> Picture | None:
    row = connection.execute("SELECT description FROM pictures WHERE examination = ?", (seq,)).fetchone()
    return None if row is None else picture_from_json(row[0])


def _read_verdicts(connection: Connection, seq: int) -> tuple[ClinicalVerdict, ...]:
    rows = connection.execute(
        "SELECT phase, level, lesion, operator_id, given_at FROM verdicts WHERE examination = ? ORDER BY seq", (seq,)
    )
    return tuple(
        ClinicalVerdict(Phase(phase), AdviceLevel(level), _lesion(lesion), who, datetime.fromisoformat(at))
        for phase, level, lesion, who, at in rows
    )


def _read_histology(connection: Connection, seq: int) -> Histology | None:
    row = connection.execute(
        "SELECT lesion, reported_on, operator_id, entered_at FROM histology WHERE examination = ? "
        "ORDER BY seq DESC LIMIT 1",
        (seq,),
    ).fetchone()
    if row is None:
        return None
    lesion, reported_on, who, at = row
    return Histology(_lesion(lesion), date.fromisoformat(reported_on), who, datetime.fromisoformat(at))


def _lesion(code: str | None) -> LesionClass | None:
    return None if code is None else LesionClass.from_code(code)
