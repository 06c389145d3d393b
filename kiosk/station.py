"""The heart of the kiosk: one camera, one classifier, and the two threads that use them.

The preview thread owns the camera's life: it opens it, pulls preview pictures while somebody looks, and opens it again
with growing pauses after a fault. The worker takes one picture at a time and assesses it. The screen asks and waits.
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
from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import Classifier
from edge_models.errors import EngineFailed
from kiosk.assessment import Assessment, assess, fault
from kiosk.camera.base import Camera
from kiosk.errors import CameraClosed, CameraError, CameraLost, CameraNotFound
from kiosk.examination import Examination
from kiosk.frame import Frame
from kiosk.memory import give_back_freed_pictures
from kiosk.quality import QualityReport, Reason, check_preview

PREVIEW_JPEG_QUALITY = 80
HINT_INTERVAL_S = 0.12
"""How often the preview's focus, exposure and glare are judged: often enough to follow a hand."""
IDLE_CHECK_INTERVAL_S = 2.0
"""How often a camera that nobody looks at is asked for a picture: a pulled plug shows before the next patient."""
VIEWER_MEMORY_S = 1.0
REOPEN_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
STUCK_AFTER_S = 10.0
"""No healthy step of either thread takes so long; after it the watchdog may starve."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Preview:
    """One preview picture, encoded once for all who look.

    Attributes:
        number: counts up from 1.
        jpeg: as wide as the camera's preview; empty while the camera is at fault.
        quality: live hints; None until the first were computed and during a fault.
        fault: what is wrong with the camera and what to do; empty when nothing is.
    """

    number: int
    jpeg: bytes
    quality: QualityReport | None
    fault: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """The examination that is going on: from the tap on Capture to Done."""

    ticket: str
    examination: Examination
    assessment: Assessment | None


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
        new_ticket: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Nothing runs before the `with` block is entered, and everything is closed when it is left.

        Args:
            open_camera: opens the camera; called again after every fault.
            classifier: closed with the station.
            clock: the wall clock, with a zone.
            new_ticket: makes names of cases that no earlier run of the program has used.
        """
        self._open_camera = open_camera
        self._classifier = classifier
        self._clock = clock
        self._new_ticket = new_ticket
        self._changed = threading.Condition()  # guards everything below
        self._camera: Camera | None = None
        self._camera_name = ""
        self._fault: CameraError = CameraNotFound("The camera is starting", "Wait a moment")
        self._preview = Preview(0, b"", None, str(self._fault))
        self._viewers: list[_Viewer] = []
        self._last_viewer_s = -VIEWER_MEMORY_S
        self._running = False
        self._progress_s = monotonic()
        self._case: Case | None = None
        self._job: Future[Assessment] | None = None
        self._job_started_s = 0.0
        self._thread = threading.Thread(target=self._run_preview, name="preview", daemon=True)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="assess")

    def __enter__(self) -> Self:
        give_back_freed_pictures()
        self._running = True
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._running = False
            self._changed.notify_all()
        self._tell_viewers(None)
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._thread.join(timeout=STUCK_AFTER_S)
        camera = self._camera
        if camera is not None:
            camera.close()
        self._classifier.close()

    def preview_after(self, number: int) -> Future[Preview | None]:
        """The first preview newer than that number, for one viewer; None when the station closes before.

        The future is finished by the preview thread, so that a viewer needs none of its own; cancel it to stop waiting.
        """
        future: Future[Preview | None] = Future()
        with self._changed:
            self._last_viewer_s = monotonic()
            if self._preview.number > number or not self._running:
                future.set_result(self._preview if self._preview.number > number else None)
            else:
                self._viewers.append(_Viewer(number, future))
                self._changed.notify_all()
        return future

    def begin(self, examination: Examination) -> str:
        """Take a picture and assess it in the worker; returns the case's ticket.

        While one is being assessed a second call (a double tap) returns that one's ticket. A case that is finished but
        not done is replaced (Retake).
        """
        with self._changed:
            if self._case is not None and self._examining():
                return self._case.ticket
            ticket = self._new_ticket()
            self._case = Case(ticket, examination, None)
            self._job_started_s = monotonic()
            self._job = self._worker.submit(self._examine, examination)
            self._job.add_done_callback(self._wake_preview)
            return ticket

    def wait(self, ticket: str, timeout_s: float) -> Assessment | None:
        """Wait for the assessment of a case; None when it is still going on after `timeout_s`.

        Raises:
            KeyError: no such case, or it is done.
        """
        with self._changed:
            if self._case is None or self._case.ticket != ticket or self._job is None:
                raise KeyError(ticket)
            job = self._job
        try:
            return job.result(timeout_s)
        except FutureTimeoutError:
            return None

    def current(self) -> Case | None:
        """The case that is not done yet; it survives a reload of the browser."""
        with self._changed:
            if self._case is None or self._job is None:
                return None
            return replace(self._case, assessment=self._job.result() if self._job.done() else None)

    def done(self, ticket: str) -> None:
        """Forget a case; nothing of it is kept. Does nothing when it is another's turn already."""
        with self._changed:
            if self._case is not None and self._case.ticket == ticket:
                self._case = self._job = None

    def status(self) -> StationStatus:
        """How the camera and the engine are."""
        with self._changed:
            ok = self._camera is not None
            return StationStatus(
                camera=self._camera_name,
                camera_ok=ok,
                fault="" if ok else str(self._fault),
                engine=str(self._classifier.interpreter.describe()),
                model_id=self._classifier.bundle.manifest.model_id,
            )

    def progressing(self) -> bool:
        """Whether both threads really get on with their work; what feeds the watchdog."""
        with self._changed:
            now = monotonic()
            job_stuck = self._examining() and now - self._job_started_s > STUCK_AFTER_S
            return self._thread.is_alive() and now - self._progress_s <= STUCK_AFTER_S and not job_stuck

    # the worker

    def _examine(self, examination: Examination) -> Assessment:
        started = perf_counter()
        try:
            frame = self._capture()
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

    def _capture(self) -> Frame:
        with self._changed:
            camera = self._camera
            if camera is None:
                raise self._fault
        try:
            return camera.capture()
        except CameraError as error:
            self._lose(camera, error)
            raise

    # the preview thread

    def _run_preview(self) -> None:
        failures = 0
        hints = _Hints()
        while True:
            with self._changed:
                if not self._running:
                    return
                self._progress_s = monotonic()
                camera = self._camera
            if camera is None:
                if self._open():
                    failures = 0
                else:
                    self._pause(REOPEN_PAUSES_S[min(failures, len(REOPEN_PAUSES_S) - 1)])
                    failures += 1
                continue
            if not self._viewer_or_idle_check():
                return
            try:
                frame = camera.preview()
            except CameraError as error:
                self._lose(camera, error)
                continue
            self._publish(frame, hints)

    def _open(self) -> bool:
        try:
            camera = self._open_camera()
        except CameraError as error:
            self._show_fault(error)
            return False
        _log.info("camera: %s", camera.name)
        with self._changed:
            self._camera = camera
            self._camera_name = camera.name
        return True

    def _lose(self, camera: Camera, error: CameraError) -> None:
        """Give up a camera that failed; the preview thread opens it again. The other thread may have been faster."""
        with self._changed:
            if self._camera is not camera:
                return
            self._camera = None
        camera.close()
        self._show_fault(
            CameraLost("The camera was closed", "Wait a moment") if isinstance(error, CameraClosed) else error
        )

    def _show_fault(self, error: CameraError) -> None:
        with self._changed:
            if str(error) != self._preview.fault:
                _log.warning("%s", error)
            self._fault = error
        self._show(b"", None, str(error))

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)

    def _viewer_or_idle_check(self) -> bool:
        """Wait until somebody looks or the idle check is due; False when the station is closing.

        While a picture is being assessed nobody looks at the live one, and the cores belong to the assessment.
        """

        def wanted() -> bool:
            looking = self._watched() or monotonic() - self._last_viewer_s < VIEWER_MEMORY_S
            return not self._running or (looking and not self._examining())

        with self._changed:
            self._changed.wait_for(wanted, IDLE_CHECK_INTERVAL_S)
            return self._running

    def _examining(self) -> bool:
        return self._job is not None and not self._job.done()

    def _wake_preview(self, _job: Future[Assessment]) -> None:
        with self._changed:
            self._changed.notify_all()

    def _publish(self, frame: Frame, hints: _Hints) -> None:
        with self._changed:
            if not self._watched():
                return  # nobody is ready for it: not worth encoding
        quality = hints.update(frame.rgb)
        self._show(_encode(frame.rgb), quality)

    def _show(self, jpeg: bytes, quality: QualityReport | None, fault: str = "") -> None:
        with self._changed:
            preview = self._preview = Preview(self._preview.number + 1, jpeg, quality, fault)
        self._tell_viewers(preview)

    def _tell_viewers(self, preview: Preview | None) -> None:
        """Finish the futures of all who wait for this preview, or for any when there is none to come."""
        with self._changed:
            ready = [viewer for viewer in self._viewers if preview is None or viewer.after < preview.number]
            self._viewers = [viewer for viewer in self._viewers if viewer not in ready]
        for viewer in ready:  # outside the lock: a future's callbacks are not ours
            if viewer.future.set_running_or_notify_cancel():
                viewer.future.set_result(preview)

    def _watched(self) -> bool:
        self._viewers = [viewer for viewer in self._viewers if not viewer.future.cancelled()]
        return bool(self._viewers)


class _Viewer(NamedTuple):
    """Somebody who waits for a preview newer than number `after`."""

    after: int
    future: Future[Preview | None]


class _Hints:
    """Judges preview pictures at most every `HINT_INTERVAL_S` and keeps the last judgement in between."""

    def __init__(self) -> None:
        self._previous: NDArray[np.uint8] | None = None
        self._quality: QualityReport | None = None
        self._judged_s = -HINT_INTERVAL_S

    def update(self, rgb: NDArray[np.uint8]) -> QualityReport | None:
        if monotonic() - self._judged_s >= HINT_INTERVAL_S:
            self._quality = check_preview(rgb, self._previous)
            self._judged_s = monotonic()
        self._previous = rgb
        return self._quality


def _encode(rgb: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_JPEG_QUALITY])
    return jpeg.tobytes()
