"""The store: one transaction a use case, acknowledged when it is on the disk.

Every method may be called from any thread. `by` is the id of the operator who asks; whether that operator may is asked
of `kiosk.access` before.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_models.labels import LesionClass
from kiosk.clinical.examination import ClinicalVerdict, Examination, ExaminationId, Histology, Phase
from kiosk.clinical.lesion import Lesion
from kiosk.clinical.operator import Operator
from kiosk.errors import NotInStore, RecordsError, StoreFull, StoreInUse, StoreUnwritable
from kiosk.records import audit, capacity, rows, search
from kiosk.records.audit import NOBODY, Audit, Event, Head, Line
from kiosk.records.capacity import Capacity
from kiosk.records.database import Connection, Database
from kiosk.records.files import disk_errors
from kiosk.records.images import Images
from kiosk.records.search import PAGE, Filter, KnownPatient, Place, Summary

STORE_ID = "store_id"
AUDIT_KEY = "audit_key"
_DELETED_AT_ONCE = 50
CLOCK_DOUBTFUL = timedelta(days=90)
"""Nothing is thrown away by age when the newest examination seems older than this: the clock may be wrong."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def boottime_s() -> float:
    """Seconds since the machine started, sleep included; nobody can set them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Store:
    """An open store; close it. `kiosk.records.opening` makes and opens one."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        lock: int,
        clock: Callable[[], datetime] = utc_now,
        boottime: Callable[[], float] = boottime_s,
    ) -> None:
        """Take over an open, migrated database.

        Args:
            folder: the store's.
            database: is closed with the store.
            lock: of `lock_folder`; closed with the store.
            clock: the time, with a zone.
            boottime: seconds that nobody can set.
        """
        self.folder = folder
        self.database = database
        self.images = Images(folder)
        self._lock = lock
        self._clock = clock
        self.id = database.read(lambda connection: rows.read_fact(connection, STORE_ID)).decode()
        self._audit_key = database.read(lambda connection: rows.read_fact(connection, AUDIT_KEY))
        self._audit = Audit(self._audit_key, clock, boottime)

    def close(self) -> None:
        """Close it and let another process have it."""
        self.database.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # --- examinations

    def save(self, examination: Examination, picture: bytes | None = None) -> ExaminationId:
        """Keep an examination; it is on the disk, whole, when this returns.

        Args:
            examination: whole; its assessment's frame is not kept.
            picture: the encoded file that `examination.picture` describes; None where there is none.

        Raises:
            ValueError: a picture without its description, or the other way round.
            StoreFull: no space is left: nothing was kept.
            StoreUnwritable: the disk refuses: nothing was kept.
            RecordsError: it is kept already, or its lesion is another patient's.
        """
        if (picture is None) != (examination.picture is None):
            raise ValueError("a picture and its description are kept together")
        if capacity.free_bytes(self.folder) - len(picture or b"") < capacity.RESERVE_BYTES:
            raise StoreFull(
                "No space is left for another examination", "Make a backup and delete what need not be kept"
            )
        sealed = None if picture is None else self.images.seal(picture, examination.id)

        def job(connection: Connection) -> None:
            rows.insert_examination(connection, examination, sealed)
            self._audit.append(connection, Event.SAVED, examination.operator_id, examination.id)

        try:
            self.database.write(job)
        except (StoreFull, StoreUnwritable):
            # a commit that failed on a failing disk may still be found after a cut: its picture waits for the sweep
            raise
        except BaseException:
            if sealed is not None:
                self.images.remove(sealed.name)
            raise
        return examination.id

    def has(self, examination_id: str) -> bool:
        """Whether an examination is kept; that somebody asked is not audited."""

        def job(connection: Connection) -> bool:
            found = connection.execute("SELECT 1 FROM examinations WHERE id = ?", (examination_id,)).fetchone()
            return found is not None

        return self.database.read(job)

    def examination(self, examination_id: str, by: str) -> Examination:
        """A kept examination; that it was seen is audited.

        Raises:
            NotInStore: there is none with that id.
            StoreDamaged: what is kept of it cannot be read.
        """

        def job(connection: Connection) -> Examination:
            _, examination = rows.read_examination(connection, examination_id)
            self._audit.append(connection, Event.SEEN, by, examination_id)
            return examination

        return self.database.write(job)

    def picture(self, examination_id: str) -> bytes:
        """The encoded picture of an examination. What `examination` audited holds for its picture too.

        Raises:
            NotInStore: there is no such examination, or it has no picture.
            StoreMissing: the file is gone.
            StoreDamaged: the file is not what was written.
        """

        def job(connection: Connection) -> tuple[str, bytes]:
            row = connection.execute(
                "SELECT file, key FROM pictures JOIN examinations ON seq = examination WHERE id = ?", (examination_id,)
            ).fetchone()
            if row is None:
                raise NotInStore("There is no such picture", "Search for the examination again")
            return str(row[0]), bytes(row[1])

        name, key = self.database.read(job)
        return self.images.open(name, key, examination_id)

    def add_verdict(self, examination_id: str, verdict: ClinicalVerdict) -> None:
        """Keep a clinician's verdict beside those before it.

        Raises:
            NotInStore: there is no such examination.
            RecordsError: a verdict from before seeing the model's, although one from after is kept.
        """

        def job(connection: Connection) -> None:
            seq, examination = rows.read_examination(connection, examination_id)
            if verdict.phase is Phase.BEFORE and any(each.phase is Phase.AFTER for each in examination.verdicts):
                raise RecordsError(
                    "The model's prediction has been seen already", "Give a verdict from after seeing it"
                )
            rows.insert_verdict(connection, seq, verdict)
            rows.set_referral(connection, examination_id)
            detail = f"verdict {verdict.phase} {verdict.level} {_code(verdict.lesion)}"
            self._audit.append(connection, Event.CHANGED, verdict.operator_id, examination_id, detail)

        self.database.write(job)

    def add_histology(self, examination_id: str, histology: Histology) -> None:
        """Keep what the pathologist found; it closes a referral, and an earlier finding stays beside it.

        Raises:
            NotInStore: there is no such examination.
        """

        def job(connection: Connection) -> None:
            rows.insert_histology(connection, rows.seq_of(connection, examination_id), histology)
            rows.set_referral(connection, examination_id)
            detail = f"histology {_code(histology.lesion)}"
            self._audit.append(connection, Event.CHANGED, histology.operator_id, examination_id, detail)

        self.database.write(job)

    # --- lists

    def find(self, wanted: Filter, by: str, after: Place | None = None, limit: int = PAGE) -> list[Summary]:
        """A page of examinations, newest first; a first page is audited as a search."""

        def job(connection: Connection) -> list[Summary]:
            return search.find(connection, wanted, after, limit)

        if after is None:
            self.note(Event.SEARCHED, by)
        return self.database.read(job)

    def patients(self, prefix: str = "", after: str = "", limit: int = PAGE) -> list[KnownPatient]:
        """A page of patients by code.

        Raises:
            ValueError: a prefix that no code can have.
        """
        return self.database.read(lambda connection: search.find_patients(connection, prefix, after, limit))

    def lesions(self, code: str) -> list[Lesion]:
        """The lesions of the patient with that code."""

        def job(connection: Connection) -> list[Lesion]:
            ids = connection.execute(
                "SELECT l.id FROM lesions l JOIN patients p ON p.id = l.patient_id WHERE p.code = ? ORDER BY l.rowid",
                (code,),
            ).fetchall()
            return [rows.read_lesion(connection, lesion_id) for (lesion_id,) in ids]

        return self.database.read(job)

    # --- deletion and retention

    def delete(self, examination_id: str, by: str, reason: str) -> None:
        """Destroy an examination and its picture's key; one audit line stays.

        Args:
            examination_id: 32 hexadecimal digits.
            by: the operator's id.
            reason: a word for the audit line; never a patient's data.

        Raises:
            NotInStore: there is no such examination.
        """

        def job(connection: Connection) -> str | None:
            return self._delete(connection, examination_id, by, reason)

        name = self.database.write(job)
        if name is not None:
            self.images.remove(name)

    def delete_older_than(self, days: int, *, clock_checked: bool = False) -> int:
        """Delete examinations that are older than the clinic keeps them, but for open referrals.

        Args:
            days: what is younger stays.
            clock_checked: somebody has looked at the clock: go on although no examination is recent.

        Returns:
            How many were deleted.

        Raises:
            RecordsError: the newest examination seems so old that the clock may be wrong; nothing was deleted.
        """
        now = self._clock().astimezone(UTC)
        newest = self.database.read(lambda connection: search.find(connection, Filter(), limit=1))
        if newest and now - newest[0].examined_at > CLOCK_DOUBTFUL and not clock_checked:
            raise RecordsError("The newest examination seems very old: the clock may be wrong", "Check the clock first")
        oldest_kept, deleted = rows.utc(now - timedelta(days=days)), 0
        while names := self.database.write(lambda connection: self._delete_batch(connection, oldest_kept)):
            deleted += len(names)
            for name in filter(None, names):
                self.images.remove(name)
        return deleted

    def _delete_batch(self, connection: Connection, before: str) -> list[str | None]:
        ids = connection.execute(
            "SELECT id FROM examinations WHERE examined_at < ? AND referral_open = 0 ORDER BY examined_at, seq LIMIT ?",
            (before, _DELETED_AT_ONCE),
        ).fetchall()
        return [self._delete(connection, id_, NOBODY, "retention") for (id_,) in ids]

    def _delete(self, connection: Connection, examination_id: str, by: str, reason: str) -> str | None:
        name = rows.delete_examination(connection, rows.seq_of(connection, examination_id))
        self._audit.append(connection, Event.DELETED, by, examination_id, reason)
        return name

    def sweep(self) -> tuple[list[str], list[str]]:
        """Remove sealed files that a cut left without a row. Call it once after opening, from any thread.

        Returns:
            The names that were removed, and those of pictures whose file is gone.
        """
        with disk_errors(self.images.folder):
            on_disk = set(self.images.names())
        known = self.database.read(_picture_names)
        missing = sorted(known - on_disk)
        missing = [name for name in missing if not self.images.path(name).exists()]
        if missing:
            self.note(Event.DAMAGE_FOUND, NOBODY, detail=f"{len(missing)} pictures are gone")
        return self.images.sweep(on_disk, known), missing

    def capacity(self) -> Capacity:
        """What is kept, and about how many examinations still fit."""

        def job(connection: Connection) -> tuple[int, float | None]:
            (kept,) = connection.execute("SELECT count(*) FROM examinations").fetchone()
            (mean,) = connection.execute(
                "SELECT avg(sealed_bytes) FROM (SELECT sealed_bytes FROM pictures ORDER BY examination DESC LIMIT 100)"
            ).fetchone()
            return kept, mean

        kept, mean = self.database.read(job)
        return capacity.estimate(kept, mean, capacity.free_bytes(self.folder))

    # --- operators and audit

    def put_operator(self, operator: Operator, by: str) -> None:
        """Add an operator, or change one."""

        def job(connection: Connection) -> None:
            rows.put_operator(connection, operator)
            detail = f"{operator.role}{'' if operator.active else ' inactive'}"
            self._audit.append(connection, Event.OPERATOR_CHANGED, by, operator.id, detail)

        self.database.write(job)

    def operators(self) -> list[Operator]:
        """All operators by name, those who have left too."""
        return self.database.read(rows.read_operators)

    def note(self, event: Event, by: str, subject: str = "", detail: str = "", *, success: bool = True) -> None:
        """Add an audit line for what happened outside the store."""
        self.database.write(
            lambda connection: self._audit.append(connection, event, by, subject, detail, success=success)
        )

    def audit_head(self) -> Head:
        """Count and head of the audit chain, for reports and screens."""
        return self.database.read(audit.head)

    def audit_lines(self, after: int = 0, limit: int = PAGE) -> list[Line]:
        """A page of audit lines in order of sequence."""
        return self.database.read(lambda connection: audit.lines(connection, after, limit))

    def verify_audit(self, noted: Head | None = None) -> Head:
        """Go over the whole audit chain; see `audit.verify`.

        Raises:
            StoreDamaged: it is not what was written.
        """
        return self.database.read(lambda connection: audit.verify(connection, self._audit_key, noted))


def lock_folder(folder: Path) -> int:
    """Have a store's folder for this process alone; closing what is returned lets it go.

    Raises:
        StoreMissing: there is no such folder.
        StoreInUse: another process has it.
    """
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreInUse(f"Another program has {folder}", "Stop it: sudo systemctl stop dermakiosk") from error
    return descriptor


def _picture_names(connection: Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT file FROM pictures")}


def _code(lesion: LesionClass | None) -> str:
    return "open" if lesion is None else lesion.code
