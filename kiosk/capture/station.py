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
from time import monotonic, perf_counter
from types import TracebackType
from typing import Self

from edge_models.classifier import Classifier
from edge_models.errors import EngineFailed
from kiosk.camera.base import Camera
from kiosk.capture.live_camera import LiveCamera, Preview
from kiosk.capture.memory import give_back_freed_pictures
from kiosk.clinical.patient import Examination
from kiosk.errors import CameraError
from kiosk.pipeline.assess import Assessment, assess, fault
from kiosk.pipeline.quality import Reason

STUCK_AFTER_S = 10.0
"""No healthy assessment takes so long; after it the watchdog may starve."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Case:
    """The examination that is going on: from the tap on Capture to Done."""

    ticket: str
    examination: Examination


@dataclass(frozen=True)
class StationStatus:
    """How the station is; `fault` says what to do when `camera_ok` is False."""

    camera: str
    camera_ok: bool
    fault: str
    engine: str
    model_id: str


class Station:
    """Owner of one camera and one classifier; a context manager. All methods may be called from any thread."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        classifier: Classifier,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing runs before the `with` block is entered, and everything is closed when it is left.

        Args:
            open_camera: opens the camera; called again after every fault.
            classifier: closed with the station.
            clock: the wall clock, with a zone.
        """
        self._live = LiveCamera(open_camera)
        self._classifier = classifier
        self._clock = clock
        self._lock = threading.Lock()  # guards everything below
        self._case: Case | None = None
        self._job: Future[Assessment] | None = None
        self._job_started_s = 0.0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="assess")

    def __enter__(self) -> Self:
        give_back_freed_pictures()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._live.close()
        self._classifier.close()

    def preview_after(self, number: int) -> Future[Preview | None]:
        """As `LiveCamera.preview_after`."""
        return self._live.preview_after(number)

    def begin(self, examination: Examination) -> Case:
        """Take a picture and assess it in the worker.

        While one is being assessed a second call (a tap in another window) returns that case, which may be another
        patient's. A case that is finished but not done is replaced (Retake).
        """
        with self._lock:
            if self._case is not None and self._examining():
                return self._case
            # a name that no earlier run of the program has used: a page may have slept through a restart
            self._case = Case(secrets.token_hex(8), examination)
            self._job_started_s = monotonic()
            self._job = self._worker.submit(self._examine, examination)
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

    def current(self) -> Case | None:
        """The case that is not done yet; it survives a reload of the browser."""
        with self._lock:
            return self._case

    def done(self, ticket: str) -> bool:
        """Forget a case; nothing of it is kept. False, and nothing happens, when it is another's turn already."""
        with self._lock:
            if self._case is None or self._case.ticket != ticket:
                return False
            self._case = self._job = None
            return True

    def status(self) -> StationStatus:
        """How the camera and the engine are."""
        camera = self._live.state()
        return StationStatus(
            camera=camera.name,
            camera_ok=not camera.fault,
            fault=camera.fault,
            engine=str(self._classifier.interpreter.describe()),
            model_id=self._classifier.bundle.manifest.model_id,
        )

    def progressing(self) -> bool:
        """Whether camera and worker really get on with their work; what feeds the watchdog."""
        with self._lock:
            job_stuck = self._examining() and monotonic() - self._job_started_s > STUCK_AFTER_S
        return self._live.progressing() and not job_stuck

    def _examining(self) -> bool:
        return self._job is not None and not self._job.done()

    # the worker

    def _examine(self, examination: Examination) -> Assessment:
        with self._live.resting():
            return self._capture_and_assess(examination)

    def _capture_and_assess(self, examination: Examination) -> Assessment:
        started = perf_counter()
        try:
            frame = self._live.capture()
        except CameraError as error:
            return fault(error, Reason.CAMERA_FAULT, now=self._clock())
        captured = perf_counter()
        try:
            assessment = assess(frame, self._classifier, now=self._clock(), context=examination.context())
        except Exception:  # one picture may not stop the kiosk; the log has the trace
            _log.exception("an assessment failed")
            unexpected = EngineFailed(
                "The picture could not be assessed", "Take it again; if this repeats, restart the kiosk and report it"
            )
            return fault(unexpected, Reason.ENGINE_FAULT, now=self._clock(), frame=frame)
        stages = {"capture": (captured - started) * 1e3, **assessment.timings_ms}
        return replace(assessment, timings_ms={**stages, "total": (perf_counter() - started) * 1e3})
