"""A camera that lives: opened, opened again after every fault, and looked at through one stream of preview pictures.

One thread owns the camera's life. It pulls preview pictures while somebody looks, judges them for focus, light and
motion, and encodes each once for all who look. Captures are asked for from any other thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera.base import Camera
from kiosk.clinical.frame import Frame
from kiosk.clinical.quality_report import QualityReport
from kiosk.errors import CameraClosed, CameraError, CameraLost, CameraStarting
from kiosk.pipeline.quality import check_preview

PREVIEW_JPEG_QUALITY = 80
HINT_INTERVAL_S = 0.16
"""How often the preview's focus, exposure and glare are judged: advice is held for 0.25 s anyway, lest it flicker."""
IDLE_CHECK_INTERVAL_S = 2.0
"""How often a camera that nobody looks at is asked for a picture: a pulled plug shows before the next patient."""
VIEWER_MEMORY_S = 1.0
"""So long after the last viewer the picture is still looked for; then it is forgotten."""
REOPEN_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
STUCK_AFTER_S = 10.0
"""No healthy step of the preview thread takes so long; after it the watchdog is not fed any more."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Preview:
    """One preview picture, encoded once for all who look.

    Attributes:
        number: counts up from 1.
        jpeg: as wide as the camera's preview; empty while the camera is at fault.
        quality: live hints; None until the first were computed and during a fault.
        fault: what is wrong with the camera and what to do, for an engineer; empty when nothing is.
        fault_code: its code, by which an operator's words are found.
        simulated: it does not show the patient.
    """

    number: int
    jpeg: bytes
    quality: QualityReport | None
    fault: str = ""
    fault_code: str = ""
    simulated: bool = False


class CameraState(NamedTuple):
    """How the camera is.

    Attributes:
        name: of the camera last opened; empty before the first.
        simulated: its pictures do not show the patient.
        fault: what is wrong and what to do, for an engineer; empty while it works.
        fault_code: its code.
    """

    name: str
    simulated: bool
    fault: str
    fault_code: str


class LiveCamera:
    """Owner of one camera. All methods may be called from any thread."""

    def __init__(self, open_camera: Callable[[], Camera]) -> None:
        """Nothing runs before `start`.

        Args:
            open_camera: opens the camera; called again after every fault.
        """
        self._open_camera = open_camera
        self._changed = threading.Condition()  # guards everything below
        self._camera: Camera | None = None
        self._camera_name = ""
        self._simulated = False
        self._fault: CameraError = CameraStarting("The camera is starting", "Wait a moment")
        self._preview = Preview(0, b"", None, str(self._fault), self._fault.code)
        self._viewers: list[_Viewer] = []
        self._last_viewer_s = -VIEWER_MEMORY_S
        self._resting = False
        self._running = False
        self._progress_s = monotonic()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    def start(self) -> None:
        """Open the camera and keep it open."""
        self._running = True
        self._thread.start()

    def close(self) -> None:
        """Give the camera back and wake all who wait for a preview."""
        with self._changed:
            self._running = False
            self._changed.notify_all()
        self._tell_viewers(None)
        self._thread.join(timeout=STUCK_AFTER_S)
        if self._camera is not None:
            _give_back(self._camera)

    def preview_after(self, number: int) -> Future[Preview | None]:
        """The first preview newer than that number, for one viewer; None when the camera is closed before.

        The future is finished by the preview thread, so that a viewer needs none of its own; cancel it to stop waiting.
        """
        future: Future[Preview | None] = Future()
        with self._changed:
            self._last_viewer_s = monotonic()
            if not self._running:
                future.set_result(None)
            elif self._preview.number > number and (self._preview.jpeg or self._preview.fault):
                future.set_result(self._preview)
            else:
                self._viewers.append(_Viewer(number, future))
                self._changed.notify_all()
        return future

    def capture(self) -> Frame:
        """Take one full picture.

        Raises:
            CameraError: the camera is at fault; it is opened again meanwhile.
        """
        with self._changed:
            camera = self._camera
            if camera is None:
                raise self._fault
        try:
            return camera.capture()
        except Exception as error:
            failure = _as_camera_error(error)
            self._lose(camera, failure)
            raise failure from error

    @contextmanager
    def resting(self) -> Iterator[None]:
        """No live pictures meanwhile: nobody looks at them, and the cores belong to what the block does."""
        self._rest(True)
        try:
            yield
        finally:
            self._rest(False)

    def state(self) -> CameraState:
        """How the camera is."""
        with self._changed:
            fault, code = ("", "") if self._camera is not None else (str(self._fault), self._fault.code)
            return CameraState(self._camera_name, self._simulated, fault, code)

    def progressing(self) -> bool:
        """Whether the thread really gets on with its work; a missing camera does not stop it."""
        with self._changed:
            return self._thread.is_alive() and monotonic() - self._progress_s <= STUCK_AFTER_S

    def _rest(self, resting: bool) -> None:
        with self._changed:
            self._resting = resting
            self._progress_s = monotonic()  # whoever asked for the rest is watched instead
            self._changed.notify_all()

    # the preview thread

    def _run(self) -> None:
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
                self._publish(camera, camera.preview(), hints)
            except Exception as error:  # noqa: BLE001 - whatever fails, the camera is opened again; the log has the trace
                self._lose(camera, _as_camera_error(error))

    def _open(self) -> bool:
        try:
            camera = self._open_camera()
        except Exception as error:  # noqa: BLE001 - the same
            self._show_fault(_as_camera_error(error))
            return False
        _log.info("camera: %s", camera.name)
        with self._changed:
            self._camera = camera
            self._camera_name = camera.name
            self._simulated = camera.simulated
        return True

    def _lose(self, camera: Camera, error: CameraError) -> None:
        """Give up a camera that failed; the preview thread opens it again. The other thread may have been faster."""
        with self._changed:
            if self._camera is not camera:
                return
            self._camera = None
        _give_back(camera)
        self._show_fault(error)

    def _show_fault(self, error: CameraError) -> None:
        with self._changed:
            if str(error) != self._preview.fault:
                _log.warning("%s: %s", error.code, error)
            self._fault = error
        with self._changed:
            preview = self._next(b"", None, error)
        self._tell_viewers(preview)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)

    def _viewer_or_idle_check(self) -> bool:
        """Wait until somebody looks or the idle check is due; False when the camera is being closed."""

        def wanted() -> bool:
            looking = self._watched() or monotonic() - self._last_viewer_s < VIEWER_MEMORY_S
            return not self._running or (looking and not self._resting)

        with self._changed:
            self._changed.wait_for(wanted, IDLE_CHECK_INTERVAL_S)
            self._changed.wait_for(lambda: not (self._running and self._resting))  # an idle check is no reason to work
            return self._running

    def _publish(self, camera: Camera, frame: Frame, hints: _Hints) -> None:
        with self._changed:
            if not self._watched():  # nobody is ready for it: not worth encoding
                if monotonic() - self._last_viewer_s > VIEWER_MEMORY_S:
                    self._preview = replace(self._preview, jpeg=b"", quality=None)  # the last patient's
                    hints.forget()
                return
        quality = hints.update(frame.rgb)
        jpeg = encode_preview(frame.rgb)
        with self._changed:
            if self._camera is not camera:
                return  # a capture has lost it meanwhile: its last picture must not follow its fault
            preview = self._next(jpeg, quality)
        self._tell_viewers(preview)

    def _next(self, jpeg: bytes, quality: QualityReport | None, fault: CameraError | None = None) -> Preview:
        """The newest preview from now on; the lock is held."""
        told, code = ("", "") if fault is None else (str(fault), fault.code)
        self._preview = Preview(self._preview.number + 1, jpeg, quality, told, code, self._simulated)
        return self._preview

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

    def forget(self) -> None:
        self._previous = self._quality = None

    def update(self, rgb: NDArray[np.uint8]) -> QualityReport | None:
        if monotonic() - self._judged_s >= HINT_INTERVAL_S:
            self._quality = check_preview(rgb, self._previous)
            self._judged_s = monotonic()
        self._previous = rgb
        return self._quality


def _give_back(camera: Camera) -> None:
    """Close a camera. One that refuses may be busy when it is opened again, which is told then."""
    try:
        camera.close()
    except Exception:  # noqa: BLE001 - whatever fails, the preview thread goes on; the log has the trace
        _log.exception("%s could not be given back", camera.name)


def _as_camera_error(error: Exception) -> CameraError:
    """A camera's failure as the kiosk tells of it; a bug is one more failure, and the log has its trace."""
    if isinstance(error, CameraClosed):  # by the other thread, which met the fault first
        return CameraLost("The camera was interrupted", "Wait a moment")
    if isinstance(error, CameraError):
        return error
    _log.error("the camera failed", exc_info=error)
    return CameraLost("The camera failed", "Wait a moment; if this repeats, restart the kiosk and report it")


def encode_preview(rgb: NDArray[np.uint8]) -> bytes:
    """uint8[H, W, 3] → JPEG, as viewers get it."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_JPEG_QUALITY])
    return jpeg.tobytes()
