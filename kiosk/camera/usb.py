"""USB cameras and dermatoscopes (UVC, and whatever else Video4Linux offers), through OpenCV."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.damage import decode_jpeg
from kiosk.camera.base import STALL_TIMEOUT_S, utc_now
from kiosk.camera.driver_faults import size_refused
from kiosk.camera.motion_jpeg import one_picture
from kiosk.camera.pictures import shrink_to_preview
from kiosk.clinical.frame import Frame
from kiosk.errors import CameraBusy, CameraClosed, CameraError, CameraLost, CameraNotFound, CameraStalled

LARGEST_SIZE = (2592, 1944)
"""Asked of every camera; the driver answers with its nearest. More than 5 megapixels stream too slowly to aim by."""
_START_TIMEOUT_S = 5.0  # some dermatoscopes switch their light on first
_NOT_CAMERAS = frozenset(
    {"bcm2835-codec", "bcm2835-isp", "bcm2835_isp", "pispbe", "rpivid", "rpi-hevc-dec", "rp1-cfe", "unicam"}
)
"""Drivers of a Raspberry Pi's own video nodes; its camera modules go through picamera2."""
_RECONNECT = "Plug the camera's USB cable out and in; it is opened again by itself"
_VIDIOC_REQBUFS = 0xC0145608
_V4L2_BUF_TYPE_VIDEO_CAPTURE = 1
_V4L2_MEMORY_MMAP = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UsbDevice:
    """A video node that may deliver pictures.

    Attributes:
        number: N of /dev/videoN.
        name: as the device calls itself.
    """

    number: int
    name: str


def devices(sysfs: Path = Path("/sys/class/video4linux")) -> tuple[UsbDevice, ...]:
    """The cameras that the kernel knows, by number, without their metadata nodes and without codecs and ISPs."""
    found = []
    for node in sysfs.glob("video*"):
        number = node.name.removeprefix("video")
        driver = (node / "device" / "driver").resolve().name
        # of the several nodes of one camera the first delivers its pictures
        if number.isdecimal() and _text(node / "index") in ("", "0") and driver not in _NOT_CAMERAS:
            found.append(UsbDevice(int(number), _text(node / "name") or node.name))
    return tuple(sorted(found, key=lambda device: device.number))


class _Decoded(NamedTuple):
    """A picture, uint8[height, width, 3], and the camera's own file of it where it made one."""

    rgb: NDArray[np.uint8]
    jpeg: bytes | None


class UsbCamera:
    """A USB camera. A thread of its own takes the pictures, so that a camera that hangs hangs nobody else."""

    def __init__(
        self,
        node: Path,
        name: str = "",
        *,
        size: tuple[int, int] | None = None,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        now: Callable[[], datetime] = utc_now,
        open_capture: Callable[[str], Any] = lambda path: cv2.VideoCapture(path, cv2.CAP_V4L2),
    ) -> None:
        """Open the node, ask for compressed pictures and wait for the first.

        Args:
            node: /dev/videoN, or a link to it.
            name: as the device calls itself.
            size: width and height of a picture in px; None for the largest up to `LARGEST_SIZE`.
            stall_timeout_s: without a new picture for so long the camera has stalled.
            now: the clock that dates the frames.
            open_capture: makes OpenCV's VideoCapture.

        Raises:
            CameraNotFound: there is no such node, or it delivers no pictures.
            CameraError: the node may not or cannot be opened.
            CameraBusy: another program, or another part of this one, has it.
            CameraSizeRefused: it does not deliver pictures of `size`.
            CameraStalled, CameraLost: it was opened but delivers nothing.
        """
        self._name = f"USB camera {name or node.name}"
        self._node = node
        self._stall_timeout_s = stall_timeout_s
        self._now = now
        self._lock_fd = _claim(node, self._name)
        try:
            self._capture = _start(node, self._name, size or LARGEST_SIZE, open_capture)
            # as they come over the cable: OpenCV decodes a damaged picture too, and prints what it thinks of it
            self._raw = bool(self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0))
        except BaseException:
            os.close(self._lock_fd)
            raise
        self._changed = threading.Condition()  # guards everything below
        self._closed = False
        self._lost = False
        self._waiting = 0  # callers that wait for a picture: without any, none is decoded
        self._grabbed = 0  # pictures that the camera delivered so far
        self._given = 0  # number of the one that a caller got last
        self._picture: tuple[int, _Decoded, datetime] | None = None  # the newest decoded one
        self._reader = threading.Thread(target=self._read, name=f"read {node.name}", daemon=True)
        self._reader.start()
        try:
            picture, _ = self._wait(1, _START_TIMEOUT_S)
            height, width = picture.rgb.shape[:2]
            if size is not None and (width, height) != size:
                raise size_refused(self._name, size, f"its nearest is {width} x {height}")
        except CameraError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """As the device calls itself."""
        return self._name

    @property
    def simulated(self) -> bool:
        """It shows the patient."""
        return False

    def preview(self) -> Frame:
        """The next picture, at most `PREVIEW_WIDTH_PX` wide. Raises as `Camera.preview`."""
        picture, captured_at = self._wait(1, self._stall_timeout_s)
        return Frame(shrink_to_preview(picture.rgb), captured_at, self._name)

    def capture(self) -> Frame:
        """The picture after the next: the next one may have been on the sensor already. Raises as `Camera.capture`."""
        picture, captured_at = self._wait(2, self._stall_timeout_s)
        return Frame(picture.rgb, captured_at, self._name, jpeg=picture.jpeg)

    def close(self) -> None:
        """Stop the camera and give it back; a waiting thread gets `CameraClosed`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._reader.join(self._stall_timeout_s)
        if self._reader.is_alive():
            _log.warning("%s: the driver does not let go of the camera; it stays busy until it does", self._name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, ahead: int, timeout_s: float) -> tuple[_Decoded, datetime]:
        """A picture that nobody had before, at least `ahead` after those that the camera delivered so far."""
        with self._changed:
            first = self._grabbed + ahead
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._closed or self._lost or self._is_new(first), timeout_s)
            finally:
                self._waiting -= 1
            if self._closed:
                raise CameraClosed(f"The {self._name} was closed", "Open it again")
            if self._lost:
                raise CameraLost(f"The {self._name} is gone", _RECONNECT)
            if self._picture is None or not self._is_new(first):
                raise CameraStalled(f"The {self._name} delivers no new picture", _RECONNECT)
            self._given, picture, captured_at = self._picture
            return picture, captured_at

    def _is_new(self, first: int) -> bool:
        return self._picture is not None and self._picture[0] >= max(first, self._given + 1)

    def _read(self) -> None:
        """Drains the camera at its own rate, so that no old picture waits in the driver; ends with the camera."""
        try:
            while not self._closed and not self._lost:
                asked_s = monotonic()
                grabbed = self._capture.grab()
                captured_at = self._now()
                # OpenCV gives up after 10 s without a picture: a stall. At once: the device is gone
                gone = not grabbed and (monotonic() - asked_s < self._stall_timeout_s or not self._node.exists())
                picture = self._decode() if grabbed and self._waiting else None
                with self._changed:
                    self._lost = gone
                    self._grabbed += grabbed
                    if picture is not None:
                        self._picture = self._grabbed, picture, captured_at
                    self._changed.notify_all()
        except cv2.error as error:
            _log.warning("%s: %s", self._name, error)
            with self._changed:
                self._lost = True
                self._changed.notify_all()
        finally:
            self._capture.release()
            os.close(self._lock_fd)

    def _decode(self) -> _Decoded | None:
        """The picture that was grabbed, red first; None where some of it was lost on the cable."""
        retrieved, picture = self._capture.retrieve()
        if not retrieved or picture is None:
            return None
        if not self._raw:
            return _Decoded(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), None)
        if picture.shape[0] > 1:  # rows of pixels: the camera has no MJPEG, and OpenCV knows what it has
            self._raw = not self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 1)
            return None
        jpeg = one_picture(picture.tobytes())
        try:
            return _Decoded(decode_jpeg(jpeg), jpeg)
        except ValueError as error:
            _log.info("%s: a picture is dropped: %s", self._name, error)
            return None


def _claim(node: Path, name: str) -> int:
    """An open descriptor of the node that holds its lock: one owner among all processes of the kiosk."""
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise CameraNotFound(f"There is no {node}", "Plug the camera in, then: v4l2-ctl --list-devices") from error
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise _busy(name) from error
        remedy = "Run: sudo usermod -aG video $USER, then log in again" if error.errno == errno.EACCES else _RECONNECT
        # it is there: with auto, too, nothing may take its place
        raise CameraError(f"The {name} at {node} cannot be opened ({error.strerror})", remedy) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise _busy(name) from error
    return descriptor


def _start(node: Path, name: str, size: tuple[int, int], open_capture: Callable[[str], Any]) -> Any:
    capture = open_capture(os.path.realpath(node))  # OpenCV wants a node's own name
    if not capture.isOpened():
        capture.release()
        if _streams_elsewhere(node):
            raise _busy(name)
        raise CameraNotFound(f"The {name} at {node} delivers no pictures", "Name another: usb:N for /dev/videoN")
    # compressed: over USB 2 nothing else is both large and fast; a camera without MJPEG keeps its own format
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _streams_elsewhere(node: Path) -> bool:
    """Whether another program streams from the node: only then does the kernel refuse to free our own (no) buffers."""
    request = struct.pack("=IIIII", 0, _V4L2_BUF_TYPE_VIDEO_CAPTURE, _V4L2_MEMORY_MMAP, 0, 0)
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.ioctl(descriptor, _VIDIOC_REQBUFS, request)
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(descriptor)
    return False


def _busy(name: str) -> CameraBusy:
    # after a stall the other program may be our own reader, which the driver does not let go
    return CameraBusy(f"The {name} is in use", "Close the other program that uses it, or plug its cable out and in")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
