"""Cameras for the tests: every adapter behind one handle that can make it fail as its hardware would."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.camera.base import Camera
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.replay import ReplayCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.camera.usb import UsbCamera
from kiosk.errors import CameraError, CameraLost, CameraNotFound

STALL_TIMEOUT_S = 0.4
LONG_S = 60.0
"""Nothing that works takes so long, on however busy a machine."""
VIRTUAL_FRAMES = os.environ.get("DERMAKIOSK_VIRTUAL_FRAMES", "")
"""Where libcamera's virtual camera looks for its pictures; set by tests/picamera2/run.sh."""
AVI_SIZE = (640, 480)


def _nothing() -> None:
    raise NotImplementedError


@dataclass(frozen=True)
class Rig:
    """A camera that can be opened, and what its hardware can be made to do.

    Attributes:
        open: opens it.
        stall: it is there, but no picture comes any more.
        restore: the opposite of `stall` and `unplug`.
        unplug: it is gone; None where that cannot be done to it.
        absent: what opening it raises then.
    """

    open: Callable[[], Camera]
    stall: Callable[[], None]
    restore: Callable[[], None]
    unplug: Callable[[], None] | None
    absent: type[CameraError] = CameraNotFound


class FilmedUsb:
    """A USB device made of a film: OpenCV's own decoder at a camera's pace, over and over, until it must fail.

    While `running` is clear the driver hangs; OpenCV gives up waiting for it after `patience_s` (10 s, really).

    Attributes:
        cable: what becomes of a picture's Motion JPEG on its way, by its number; with it the device gives that JPEG, as
            V4L2 does when OpenCV is told not to convert. None: it gives pictures, as OpenCV decodes them.
        has_mjpeg: False for a device that only has rows of pixels.
    """

    def __init__(
        self,
        film: Path,
        patience_s: float = 2 * STALL_TIMEOUT_S,
        *,
        cable: Callable[[int, bytes], bytes] | None = None,
        has_mjpeg: bool = True,
    ) -> None:
        self.film = film
        self.patience_s = patience_s
        self.cable = cable
        self.has_mjpeg = has_mjpeg
        self.running = threading.Event()
        self.running.set()
        self.plugged = True
        self.released = 0

    def __call__(self, path: str) -> Any:
        return _FilmedCapture(self, path)


class _FilmedCapture:
    def __init__(self, usb: FilmedUsb, path: str) -> None:
        self._usb = usb
        self._path = path
        self._capture = cv2.VideoCapture(path)
        self._pace = threading.Event()
        self._converts = usb.cable is None
        self._number = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._capture.isOpened()

    def set(self, key: int, value: float) -> bool:
        if key != cv2.CAP_PROP_CONVERT_RGB or self._usb.cable is None:
            return False  # a film has the size and the format it has
        self._converts = bool(value)
        return True

    def grab(self) -> bool:
        self._pace.wait(0.01)
        if not self._usb.running.wait(self._usb.patience_s):
            return False
        if not self._usb.plugged:
            return False
        self._number += 1
        if not self._capture.grab():
            self._capture = cv2.VideoCapture(self._path)
            return self._capture.grab()
        return True

    def retrieve(self) -> tuple[bool, Any]:
        retrieved, picture = self._capture.retrieve()
        if self._converts or self._usb.cable is None:
            return retrieved, picture
        if not self._usb.has_mjpeg:
            return retrieved, picture[:, :, :2]  # YUYV has two bytes a pixel
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        return retrieved, np.frombuffer(self._usb.cable(self._number, jpeg.tobytes()), np.uint8)[np.newaxis]

    def release(self) -> None:
        self._capture.release()
        self._usb.released += 1


def colour_of(index: int) -> tuple[int, int, int]:
    """The colour, red first, that picture `index` of the film is filled with."""
    return 250 - 4 * index, 20, 10 + 4 * index


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty pictures in Motion JPEG, each of another colour."""
    path = tmp_path_factory.mktemp("film") / "video0.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, AVI_SIZE)
    assert writer.isOpened()
    for index in range(50):
        rgb = np.full((AVI_SIZE[1], AVI_SIZE[0], 3), colour_of(index), np.uint8)
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def usb(film: Path) -> FilmedUsb:
    return FilmedUsb(film)


@pytest.fixture
def make_usb(film: Path) -> Callable[..., FilmedUsb]:
    """Makes a device with a cable of its own; see `FilmedUsb`."""
    return lambda cable, **options: FilmedUsb(film, cable=cable, **options)


@pytest.fixture
def wait_until_blocked() -> Callable[[threading.Thread], None]:
    """Returns once a thread waits in `threading.Condition.wait`, whichever camera it is in."""
    return _wait_until_blocked


def _wait_until_blocked(thread: threading.Thread) -> None:
    deadline_s = monotonic() + LONG_S
    while monotonic() < deadline_s:
        frame = sys._current_frames().get(thread.ident or 0)
        if frame is not None and frame.f_code is threading.Condition.wait.__code__:
            return
        threading.Event().wait(0.001)  # that it begins to wait is announced to nobody
    raise AssertionError("it never waited")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of one colour each: red, green, blue."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index, colour in enumerate([(200, 0, 0), (0, 200, 0), (0, 0, 200)]):
        rgb = np.full((1200, 1600, 3), colour, np.uint8)
        cv2.imwrite(str(pictures / f"{index}.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return pictures


def _phantom_rig(stall_timeout_s: float) -> Rig:
    device = SimulatedDevice("phantom camera", 100.0, stall_timeout_s)
    return Rig(lambda: PhantomCamera(1, device=device), device.stall, device.restore, device.unplug)


def _replay_rig(folder: Path, stall_timeout_s: float) -> Rig:
    device = SimulatedDevice("replay", 100.0, stall_timeout_s)
    return Rig(lambda: ReplayCamera(folder, device=device), device.stall, device.restore, device.unplug)


def _usb_rig(film: Path, stall_timeout_s: float) -> Rig:
    usb = FilmedUsb(film, 2 * stall_timeout_s)

    def opened() -> Camera:
        return UsbCamera(film, "film", stall_timeout_s=stall_timeout_s, open_capture=usb)

    def unplug() -> None:
        usb.plugged = False

    def restore() -> None:
        usb.plugged = True
        usb.running.set()

    return Rig(opened, usb.running.clear, restore, unplug, CameraLost)


def _picamera2_rig(stall_timeout_s: float) -> Rig:
    from virtual_camera import HeldBuffers, VirtualPicamera2, show_chart

    from kiosk.camera.picamera import PicameraCamera

    show_chart(Path(VIRTUAL_FRAMES))
    held = HeldBuffers()
    return Rig(
        lambda: held.watch(PicameraCamera(stall_timeout_s=stall_timeout_s, picamera2_class=VirtualPicamera2)),
        held.hold_all,
        held.release_all,
        None,
    )


ADAPTERS = ("phantom", "replay", "usb", *(("picamera2",) if VIRTUAL_FRAMES else ()))


@pytest.fixture(params=ADAPTERS)
def rig(request: pytest.FixtureRequest) -> Rig:
    """Every adapter that can run here; it has stalled after `STALL_TIMEOUT_S`."""
    return _rig(request, STALL_TIMEOUT_S)


@pytest.fixture(params=ADAPTERS)
def patient_rig(request: pytest.FixtureRequest) -> Rig:
    """The same, but so patient that what it waits for ends before it gives up."""
    return _rig(request, LONG_S)


def _rig(request: pytest.FixtureRequest, stall_timeout_s: float) -> Rig:
    if request.param == "phantom":
        return _phantom_rig(stall_timeout_s)
    if request.param == "replay":
        return _replay_rig(request.getfixturevalue("folder"), stall_timeout_s)
    if request.param == "usb":
        return _usb_rig(request.getfixturevalue("film"), stall_timeout_s)
    return _picamera2_rig(stall_timeout_s)
