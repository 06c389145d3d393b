"""Which camera the kiosk uses: one that is named, or the first that is really there."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.camera import picamera, usb
from kiosk.camera.base import Camera
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.picamera import PicameraCamera
from kiosk.camera.replay import ReplayCamera
from kiosk.camera.source import Source, SourceKind
from kiosk.camera.usb import UsbCamera
from kiosk.clinical.frame import AUTOMATIC, CameraSettings
from kiosk.errors import CameraError, CameraNotFound

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Availability:
    """Whether a kind of camera is there.

    Attributes:
        source: that names it.
        present: whether it can be opened, as far as can be seen without doing so.
        text: its name, or what to do to have one.
    """

    source: Source
    present: bool
    text: str


def open_camera(
    source: Source, locked: CameraSettings = AUTOMATIC, still_size: tuple[int, int] | None = None
) -> Camera:
    """Open the camera that `source` names, or fail.

    Args:
        source: with auto it is a camera module, else a USB camera; with demo the same, else the phantom and a warning.
        locked: exposure, colours and focus of a camera module that are fixed from the start.
        still_size: width and height of a capture in px; None: the sensor's own, or the largest that streams well.

    Raises:
        CameraError: that camera cannot be opened. With auto and demo too, if one is there but busy or out of order: no
            other picture may take its place.
    """
    match source:
        case Source(SourceKind.AUTO | SourceKind.DEMO):
            return CameraChoice(source, locked, still_size).open()
        case Source(SourceKind.PICAMERA2):
            return PicameraCamera(settings=locked, still_size=still_size)
        case Source(SourceKind.USB, number=int(number)):
            return _open_usb(Path(f"/dev/video{number}"), still_size)
        case Source(SourceKind.USB, link=Path() as link):
            return _open_usb(link, still_size)
        case Source(SourceKind.USB):
            return _open_first_usb(still_size)
        case Source(SourceKind.REPLAY, folder=Path() as folder):
            return ReplayCamera(folder)
        case Source(SourceKind.PHANTOM):
            return PhantomCamera()
    raise ValueError(f"a replay needs a folder: {source}")


class CameraChoice:
    """A source that can be opened again and again, as a station does after every fault.

    What auto or demo found at first stays: a camera that was pulled out is waited for, not replaced by another.
    """

    def __init__(
        self, source: Source, locked: CameraSettings = AUTOMATIC, still_size: tuple[int, int] | None = None
    ) -> None:
        self._source = source
        self._locked = locked
        self._still_size = still_size

    def open(self) -> Camera:
        """Open the camera. Raises as `open_camera`."""
        if self._source.kind not in (SourceKind.AUTO, SourceKind.DEMO):
            return open_camera(self._source, self._locked, self._still_size)
        missing = []
        for source in (Source(SourceKind.PICAMERA2), Source(SourceKind.USB)):
            try:
                camera = open_camera(source, self._locked, self._still_size)
            except CameraNotFound as error:
                missing.append(str(error))
                continue
            _log.info("camera chosen automatically: %s", camera.name)
            self._source = source
            return camera
        if self._source.kind is SourceKind.AUTO:
            raise CameraNotFound("No camera is connected", " ".join(missing))
        phantom = Source(SourceKind.PHANTOM)
        camera = open_camera(phantom)
        _log.warning("no camera found, the pictures are SIMULATED (%s)", " ".join(missing))
        self._source = phantom
        return camera


def available_cameras() -> list[Availability]:
    """Every kind of camera that shows the patient: the name of what is there, or the remedy. Nothing is opened."""
    return [
        _ask(Source(SourceKind.PICAMERA2), picamera.detect),
        *(_usb_nodes() or [Availability(Source(SourceKind.USB), False, str(_no_usb()))]),
    ]


def _ask(source: Source, detect: Callable[[], str]) -> Availability:
    try:
        return Availability(source, True, detect())
    except CameraNotFound as error:
        return Availability(source, False, str(error))


def _usb_nodes() -> list[Availability]:
    return [Availability(Source(SourceKind.USB, device.number), True, device.name) for device in usb.devices()]


def _open_usb(node: Path, still_size: tuple[int, int] | None) -> Camera:
    names = {f"video{device.number}": device.name for device in usb.devices()}
    return UsbCamera(node, names.get(Path(os.path.realpath(node)).name, ""), size=still_size)


def _open_first_usb(still_size: tuple[int, int] | None) -> Camera:
    """The first USB camera that delivers; a node that turns out to be none does not stand in the way of the next."""
    failure: CameraError | None = None
    for device in usb.devices():
        try:
            return UsbCamera(Path(f"/dev/video{device.number}"), device.name, size=still_size)
        except CameraNotFound as error:
            _log.info("%s", error)
        except CameraError as error:
            failure = failure or error
    raise failure or _no_usb()


def _no_usb() -> CameraNotFound:
    return CameraNotFound("No USB camera is connected", "Plug one in, then: v4l2-ctl --list-devices")
