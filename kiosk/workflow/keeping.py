"""A finished case is in the store before its result is painted: saved in a thread of its own, acknowledged, once.

What cannot be saved stays with the station: the operator tries again, or goes on without keeping it, which is audited.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from edge_models.errors import DermakioskError
from kiosk.clinical.about import About, new_id
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.examination import Examination, ExaminationId
from kiosk.errors import RecordsError
from kiosk.records.store import Store
from kiosk.workflow.encoding import encoded

_log = logging.getLogger(__name__)


class Kept(StrEnum):
    """Whether a case is in the store: on its way, there, not yet, given up, or never meant to be."""

    SAVING = "saving"
    SAVED = "saved"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    NOT_MEANT = "not_meant"


@dataclass(frozen=True)
class Keeping:
    """What became of a case.

    Attributes:
        examination_id: under which it is, or would be, in the store.
        code: of the fault, where it could not be saved.
    """

    kept: Kept
    examination_id: ExaminationId
    code: str = ""


class Keeper:
    """Saves one case at a time, in a thread of its own; any thread may ask. Close it."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="keep")
        self._lock = threading.Lock()  # guards the rest
        self._ticket = ""
        self._keeping = Keeping(Kept.NOT_MEANT, ExaminationId(""))
        self._job: Future[None] | None = None

    def close(self) -> None:
        """Finish what is being saved."""
        self._worker.shutdown(wait=True)

    def of(self, ticket: str) -> Keeping | None:
        """What became of a case so far; None where nobody asked for it to be kept or not."""
        with self._lock:
            return self._keeping if ticket and ticket == self._ticket else None

    def keep(
        self,
        ticket: str,
        assessment: Assessment,
        about: About,
        session: Callable[[], tuple[str, Store]],
        timeout_s: float,
    ) -> Keeping:
        """Save a case, once however often it is asked; wait for it a while.

        Args:
            ticket: the station's name for the case.
            assessment: whole, with what is withheld and with its frame.
            about: what belongs to it.
            session: gives the operator's id and the open store, or raises why not.
            timeout_s: after so long the answer is `SAVING`.
        """
        with self._lock:
            if ticket != self._ticket:
                self._ticket, self._job = ticket, None
                self._keeping = Keeping(Kept.SAVING, ExaminationId(new_id()))
            if self._keeping.kept is Kept.SAVING and self._job is None:
                examination_id = self._keeping.examination_id
                self._job = self._worker.submit(self._save, ticket, examination_id, assessment, about, session)
            job = self._job
        if job is not None:
            with suppress(FutureTimeoutError):  # then it goes on
                job.result(timeout_s)
        with self._lock:
            return self._keeping

    def try_again(self, ticket: str) -> None:
        """Let the next `keep` save a case that could not be saved, under the same id."""
        with self._lock:
            if ticket == self._ticket and self._keeping.kept is Kept.FAILED:
                self._keeping = Keeping(Kept.SAVING, self._keeping.examination_id)
                self._job = None

    def give_up(self, ticket: str) -> str:
        """Go on without keeping a case that could not be saved.

        Returns:
            The code of the fault; empty where there is nothing to give up.
        """
        with self._lock:
            if ticket != self._ticket or self._keeping.kept is not Kept.FAILED:
                return ""
            self._keeping = replace(self._keeping, kept=Kept.GIVEN_UP)
            return self._keeping.code

    def lost(self, current: str) -> bool:
        """Whether a case that could not be saved is not the current one any more: nobody can save it now.

        Args:
            current: the ticket of the station's case; empty where there is none.
        """
        with self._lock:
            if self._keeping.kept is not Kept.FAILED or self._ticket == current:
                return False
            self._keeping = replace(self._keeping, kept=Kept.GIVEN_UP)
            return True

    def not_meant(self, ticket: str) -> bool:
        """Never keep a case: nobody had logged in when it was captured.

        Returns:
            Whether this is the first that is heard of it.
        """
        with self._lock:
            if ticket == self._ticket:
                return False
            self._ticket, self._job = ticket, None
            self._keeping = Keeping(Kept.NOT_MEANT, ExaminationId(new_id()))
            return True

    # the worker

    def _save(
        self,
        ticket: str,
        examination_id: ExaminationId,
        assessment: Assessment,
        about: About,
        session: Callable[[], tuple[str, Store]],
    ) -> None:
        code = ""
        try:
            operator_id, store = session()
            picture, content = (None, None) if assessment.frame is None else encoded(assessment.frame)
            examination = Examination(
                id=examination_id,
                visit_id=about.visit_id,
                patient=about.patient,
                lesion=about.lesion,
                operator_id=operator_id,
                consent=about.consent,
                assessment=replace(assessment, frame=None),
                picture=picture,
            )
            # a save that failed on a failing disk may have reached it after all
            if not store.has(examination_id):
                store.save(examination, content)
        except DermakioskError as error:
            _log.warning("a case could not be kept: %s", error)
            code = error.code
        except Exception:  # noqa: BLE001 - whatever it is: the case is not kept, and the screen says so
            _log.exception("a case could not be kept")
            code = RecordsError.code
        with self._lock:
            if self._ticket == ticket:
                self._keeping = Keeping(Kept.FAILED if code else Kept.SAVED, examination_id, code)
