"""Which camera the kiosk uses: one that is named, or the first that is really there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.camera import picamera, usb
from kiosk.camera.base import Camera
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.picamera import LockedSettings, PicameraCamera
from kiosk.camera.replay import ReplayCamera
from kiosk.camera.usb import UsbCamera
from kiosk.errors import CameraError, CameraNotFound, ConfigError

SOURCES = "auto, picamera2, usb, usb:N, replay:DIR or phantom"

_log = logging.getLogger(__name__)
_AUTOMATIC = LockedSettings()


@dataclass(frozen=True)
class Availability:
    """Whether a kind of camera is there.

    Attributes:
        source: as it is named in the configuration.
        present: whether it can be opened, as far as can be seen without doing so.
        text: its name, or what to do to have one.
    """

    source: str
    present: bool
    text: str


def open_camera(source: str, locked: LockedSettings = _AUTOMATIC) -> Camera:
    """Open the camera that `source` names, or fail.

    Args:
        source: one of `SOURCES`. With auto it is a camera module, else a USB camera, else the phantom, with a warning.
        locked: exposure, colours and focus of a camera module that are fixed from the start.

    Raises:
        ConfigError: there is no such kind of camera.
        CameraError: that camera cannot be opened. With auto too, if one is there but busy or out of order: a simulated
            picture must not take its place.
    """
    if source == "auto":
        return CameraChoice(source, locked).open()
    kind, _, which = source.partition(":")
    if source == "picamera2":
        return PicameraCamera(settings=locked)
    if source == "usb":
        return _open_first_usb()
    if kind == "usb" and which.isdecimal():
        number = int(which)
        names = {device.number: device.name for device in usb.devices()}
        return UsbCamera(Path(f"/dev/video{number}"), names.get(number, ""))
    if kind == "replay" and which:
        return ReplayCamera(Path(which).expanduser())
    if source == "phantom":
        return PhantomCamera()
    raise ConfigError(f"There is no camera {source!r}", f"Use {SOURCES}")


class CameraChoice:
    """A source that can be opened again and again, as a station does after every fault.

    What auto found at first stays: a camera that was pulled out is waited for, not replaced by a simulated one.
    """

    def __init__(self, source: str, locked: LockedSettings = _AUTOMATIC) -> None:
        self._source = source
        self._locked = locked

    def open(self) -> Camera:
        """Open the camera. Raises as `open_camera`."""
        if self._source != "auto":
            return open_camera(self._source, self._locked)
        missing = []
        for source in ("picamera2", "usb"):
            try:
                camera = open_camera(source, self._locked)
            except CameraNotFound as error:
                missing.append(str(error))
                continue
            _log.info("camera chosen automatically: %s", camera.name)
            self._source = source
            return camera
        camera = open_camera("phantom")
        _log.warning("no camera found, the pictures are SIMULATED (%s)", " ".join(missing))
        self._source = "phantom"
        return camera


def available_cameras() -> list[Availability]:
    """Every kind of camera that shows the patient: the name of what is there, or the remedy. Nothing is opened."""
    return [_ask("picamera2", picamera.detect), *(_usb_nodes() or [Availability("usb", False, str(_no_usb()))])]


def _ask(source: str, detect: Callable[[], str]) -> Availability:
    try:
        return Availability(source, True, detect())
    except CameraNotFound as error:
        return Availability(source, False, str(error))


def _usb_nodes() -> list[Availability]:
    return [Availability(f"usb:{device.number}", True, device.name) for device in usb.devices()]


def _open_first_usb() -> Camera:
    """The first USB camera that delivers; a node that turns out to be none does not stand in the way of the next."""
    failure: CameraError | None = None
    for device in usb.devices():
        try:
            return UsbCamera(Path(f"/dev/video{device.number}"), device.name)
        except CameraNotFound as error:
            _log.info("%s", error)
        except CameraError as error:
            failure = failure or error
    raise failure or _no_usb()


def _no_usb() -> CameraNotFound:
    return CameraNotFound("No USB camera is connected", "Plug one in, then: v4l2-ctl --list-devices")
