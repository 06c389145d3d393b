"""The heart of the kiosk: one camera, one classifier, and the case that is going on between tap and Done.

The screen asks and waits; a worker takes one picture at a time and assesses it.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic, perf_counter
from types import TracebackType
from typing import Self

from edge_models.classifier import Classifier
from edge_models.prediction import Engine
from kiosk.camera.base import Camera
from kiosk.capture.live_camera import LiveCamera, Preview
from kiosk.capture.memory import give_back_freed_pictures
from kiosk.capture.open_case import OpenCase
from kiosk.clinical.about import About
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.patient import Patient
from kiosk.clinical.quality_report import Reason
from kiosk.errors import AssessmentFailed, CameraError
from kiosk.pipeline.assess import assess, fault, provenance
from kiosk.pipeline.cores import Cores

STUCK_AFTER_S = 10.0
"""No healthy assessment takes so long; after it the watchdog is not fed any more."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Case:
    """One patient's capture that is going on: from the tap on Capture to Done."""

    ticket: str
    about: About


class Loss(StrEnum):
    """How the last case ended without its Done."""

    RESTART = "restart"  # the program ended while it was open
    UNTOUCHED = "untouched"  # nobody touched the screen for too long


@dataclass(frozen=True)
class StationStatus:
    """How the station is.

    Attributes:
        camera: its name; empty before one was opened.
        camera_simulated: its pictures do not show the patient.
        camera_fault: what is wrong with it and what to do, for an engineer; empty while it works.
        camera_code: the fault's code, by which an operator's words are found.
        engine: what ran the last inference, or would run the first.
        engine_fault: why the last assessment had no engine, and what to do, for an engineer; empty while it works.
        engine_code: the fault's code.
        model_id: the bundle's name.
    """

    camera: str
    camera_simulated: bool
    camera_fault: str
    camera_code: str
    engine: Engine
    engine_fault: str
    engine_code: str
    model_id: str


class Station:
    """Owner of one camera and one classifier; a context manager. All methods may be called from any thread."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        classifier: Classifier,
        open_case: OpenCase | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing runs before the `with` block is entered, and everything is closed when it is left.

        Args:
            open_camera: opens the camera; called again after every fault.
            classifier: closed with the station.
            open_case: lies there while a case is open; None: the next run of the program will know of none.
            clock: the wall clock, with a zone.
        """
        self._live = LiveCamera(open_camera)
        self._classifier = classifier
        self._clock = clock
        self._open_case = open_case or OpenCase()
        self._cores = Cores()
        self._lock = threading.Lock()  # guards everything below
        self._case: Case | None = None
        self._job: Future[Assessment] | None = None
        self._is_saved = False
        self._loss = Loss.RESTART if self._open_case.left else None
        self._captured = False  # the case's picture
        self._job_started_s = 0.0
        self._engine_fault = ("", "")  # in words for an engineer, and its code
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="assess")

    def __enter__(self) -> Self:
        give_back_freed_pictures()
        self._cores.__enter__()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._live.close()
        self._cores.__exit__(kind, error, trace)
        self._classifier.close()

    def preview_after(self, number: int) -> Future[Preview | None]:
        """As `LiveCamera.preview_after`."""
        return self._live.preview_after(number)

    def begin(self, about: About) -> Case:
        """Take a picture and assess it in the worker.

        Until a case is done a second call (a tap in another window) returns that case, which may be another patient's:
        a result that nobody closed is never dropped.
        """
        with self._lock:
            if self._case is not None:
                return self._case
            # a name that no earlier run of the program has used: a page may not have noticed a restart
            self._case = Case(secrets.token_hex(8), about)
            self._loss = None
            self._is_saved = False
            self._captured = False
            self._open_case.begin()
            self._job_started_s = monotonic()
            self._job = self._worker.submit(self._examine, about.patient)
            return self._case

    def wait(self, ticket: str, timeout_s: float) -> Assessment | None:
        """Wait for the assessment of a case; None when it is still going on after `timeout_s`.

        Raises:
            KeyError: no such case, or it is done.
        """
        with self._lock:
            if self._case is None or self._case.ticket != ticket or self._job is None:
                raise KeyError(ticket)
            job = self._job
        try:
            return job.result(timeout_s)
        except FutureTimeoutError:
            return None

    def captured(self, ticket: str) -> bool:
        """Whether the picture of a case is taken, and the patient may move."""
        with self._lock:
            return self._case is not None and self._case.ticket == ticket and self._captured

    def current(self) -> Case | None:
        """The case that is not done yet; it survives a reload of the browser."""
        with self._lock:
            return self._case

    def saved(self, ticket: str) -> None:
        """A case is in the records: whatever becomes of it here, it is not lost."""
        with self._lock:
            if self._case is not None and self._case.ticket == ticket:
                self._is_saved = True
                self._open_case.end()

    def done(self, ticket: str) -> bool:
        """Forget a case; nothing of it is kept. False, and nothing happens, when it is another's turn already."""
        with self._lock:
            if self._case is None or self._case.ticket != ticket:
                return False
            self._forget()
            return True

    def abandon(self) -> None:
        """Forget whatever case there is: nobody is there to tap Done."""
        with self._lock:
            if self._case is not None:
                self._loss = None if self._is_saved else Loss.UNTOUCHED
                self._forget()

    def loss(self) -> Loss | None:
        """How the last case was lost; None where it was done, or where another one was begun since."""
        with self._lock:
            return self._loss

    def status(self) -> StationStatus:
        """How the camera and the engine are."""
        camera = self._live.state()
        with self._lock:
            engine_fault, engine_code = self._engine_fault
        return StationStatus(
            camera=camera.name,
            camera_simulated=camera.simulated,
            camera_fault=camera.fault,
            camera_code=camera.fault_code,
            engine=self._classifier.engine,
            engine_fault=engine_fault,
            engine_code=engine_code,
            model_id=self._classifier.bundle.manifest.model_id,
        )

    def progressing(self) -> bool:
        """Whether camera and worker really get on with their work; what feeds the watchdog."""
        with self._lock:
            job_stuck = self._examining() and monotonic() - self._job_started_s > STUCK_AFTER_S
        return self._live.progressing() and not job_stuck

    def _forget(self) -> None:
        self._case = self._job = None
        self._open_case.end()

    def _examining(self) -> bool:
        return self._job is not None and not self._job.done()

    # the worker

    def _examine(self, patient: Patient) -> Assessment:
        with self._live.resting():
            assessment = self._capture_and_assess(patient)
        if assessment.fault:
            _log.warning("%s: %s", assessment.fault_code, assessment.fault)
        if Reason.CAMERA_FAULT not in assessment.reasons and "invoke" in assessment.timings_ms:
            self._note_engine("", "")
        if Reason.ENGINE_FAULT in assessment.reasons:
            self._note_engine(assessment.fault, assessment.fault_code)
        return assessment

    def _capture_and_assess(self, patient: Patient) -> Assessment:
        started = perf_counter()
        try:
            frame = self._live.capture()
        except CameraError as error:
            now = self._clock()
            made_with = provenance(self._classifier, None, now=now, camera=self._live.state().name)
            timings_ms = {"capture": (perf_counter() - started) * 1e3}
            return fault(
                error, Reason.CAMERA_FAULT, made_with, now=now, timings_ms=timings_ms, limits=patient.scope_limits()
            )
        timings_ms = {"capture": (perf_counter() - started) * 1e3}
        with self._lock:
            self._captured = True
        try:
            assessment = assess(
                frame,
                self._classifier,
                self._cores,
                now=self._clock(),
                context=patient.context(),
                limits=patient.scope_limits(),
            )
        except Exception:  # noqa: BLE001 - one picture may not stop the kiosk; the log has the trace
            _log.exception("an assessment failed")
            unexpected = AssessmentFailed(
                "The picture could not be assessed", "Take it again; if this repeats, restart the kiosk and report it"
            )
            now = self._clock()
            made_with = provenance(self._classifier, frame, now=now)
            return fault(
                unexpected,
                Reason.ENGINE_FAULT,
                made_with,
                now=now,
                frame=frame,
                timings_ms=timings_ms,
                limits=patient.scope_limits(),
            )
        timings_ms |= assessment.timings_ms
        return replace(assessment, timings_ms={**timings_ms, "total": (perf_counter() - started) * 1e3})

    def _note_engine(self, fault_told: str, code: str) -> None:
        with self._lock:
            self._engine_fault = fault_told, code
