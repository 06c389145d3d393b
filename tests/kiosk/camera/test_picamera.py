"""What libcamera's virtual camera cannot show of the picamera2 adapter: a Pi's formats, locks, lost cameras.

A stand-in with picamera2's interface (0.3.38) plays these; the real picamera2 runs in test_picamera2_virtual.py.
"""

from __future__ import annotations

import builtins
import errno
import logging
import os
import time
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from kiosk.camera.picamera import PicameraCamera, detect
from kiosk.clinical.frame import CameraSettings
from kiosk.errors import (
    CameraBusy,
    CameraError,
    CameraLost,
    CameraNotFound,
    CameraOutOfMemory,
    CameraSizeRefused,
    CameraStalled,
)

SKIN = (220, 170, 150)
EVERY_CONTROL = ("AeEnable", "ExposureTime", "AnalogueGain", "AwbEnable", "ColourGains", "AfMode", "LensPosition")


class StandIn:
    """A camera module of a Pi whose exposure converges over some frames."""

    present: ClassVar[bool] = True
    platform: ClassVar[SimpleNamespace] = SimpleNamespace(name="VC4")
    controls: ClassVar[tuple[str, ...]] = (*EVERY_CONTROL, "AfTrigger")
    frames_to_settle: ClassVar[int] = 6
    sensor_resolution = (4056, 3040)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        usb = {"Model": "Webcam", "Id": "/base/usb@1", "Num": 1}
        module = {"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 0}
        return [module, usb] if cls.present else [usb]

    def __init__(self, number: int) -> None:
        read, self.notifyme_w = os.pipe()
        self.notifymeread = os.fdopen(read, "rb")
        self.camera_properties = {"ColorFilterArrangement": 0}
        self.camera_controls = dict.fromkeys(self.controls, (0, 0, 0))
        self.set: dict[str, Any] = {}
        self.configuration: dict[str, Any] = {}
        self.frames = 0
        self.silent = False
        self.failure: Exception | None = None
        self.released = 0

    def create_still_configuration(self, **streams: Any) -> dict[str, Any]:
        return {**streams, "colour_space": SimpleNamespace(range="Range.Full")}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def camera_configuration(self) -> dict[str, Any]:
        return self.configuration

    def set_controls(self, controls: Mapping[str, Any]) -> None:
        assert not controls.keys() - self.camera_controls.keys(), "picamera2 raises for a control that is not there"
        self.set.update(controls)

    def start(self) -> None:
        pass

    def capture_request(self, wait: bool) -> Any:
        job: Future[StandInRequest] = Future()
        if self.failure is not None:
            raise self.failure
        if not self.silent:
            self.frames += 1
            job.set_result(StandInRequest(self, self.frames))
        return SimpleNamespace(get_result=lambda timeout: job.result(timeout))

    def cancel_all_and_flush(self) -> None:
        pass

    def close(self) -> None:
        self.notifymeread.close()
        os.close(self.notifyme_w)


class StandInRequest:
    def __init__(self, device: StandIn, number: int) -> None:
        self._device = device
        self._unsettled = max(0, device.frames_to_settle - number)

    def get_metadata(self) -> dict[str, Any]:
        return {
            "SensorTimestamp": time.monotonic_ns() + 10_000_000,
            "ExposureTime": 8000 + 500 * self._unsettled,
            "AnalogueGain": 2.0,
            "ColourGains": (1.5 + 0.1 * self._unsettled, 1.7),
            "LensPosition": 12.0,
            "AfState": 1 if self._unsettled else 2,
            "AeState": 1 if self._unsettled else 2,
        }

    def make_array(self, stream: str) -> Any:
        configuration = self._device.configuration[stream]
        width, height = configuration["size"]
        if configuration["format"] == "BGR888":
            return np.full((height, width, 3), SKIN, np.uint8)
        assert configuration["format"] == "YUV420"
        return np.full((height * 3 // 2, width), 128, np.uint8)

    def release(self) -> None:
        self._device.released += 1


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    class Fresh(StandIn):
        pass

    return Fresh


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def opened(stand_in: type[StandIn], **arguments: Any) -> PicameraCamera:
    return PicameraCamera(picamera2_class=stand_in, stall_timeout_s=0.2, now=lambda: NOW, **arguments)


@pytest.mark.parametrize(("platform", "lores"), [("VC4", "YUV420"), ("PISP", "BGR888")])
def test_the_second_stream_is_yuv_up_to_the_pi_4(stand_in: type[StandIn], platform: str, lores: str) -> None:
    stand_in.platform = SimpleNamespace(name=platform)
    with opened(stand_in) as camera:
        configuration = camera._device.configuration
        assert (configuration["main"]["format"], configuration["lores"]["format"]) == ("BGR888", lores)
        assert configuration["main"]["size"] == (4056, 3040)
        assert configuration["lores"]["size"] == (720, 538)
        assert configuration["raw"] is None
        assert tuple(camera.capture().rgb[0, 0]) == SKIN


def test_a_usb_camera_is_left_to_its_own_adapter(stand_in: type[StandIn]) -> None:
    stand_in.present = False
    with pytest.raises(CameraNotFound, match="No camera module is connected"):
        opened(stand_in)


def test_a_lock_holds_what_has_settled(stand_in: type[StandIn]) -> None:
    with opened(stand_in) as camera:
        settings = camera.lock()
        controls = camera._device.set
    assert settings == CameraSettings(8000, 2.0, (1.5, 1.7), 12.0, calibrated_on=NOW.date())
    assert controls["AeEnable"] is False
    assert controls["AwbEnable"] is False
    assert controls["AfMode"] == 0
    assert (controls["ExposureTime"], controls["AnalogueGain"]) == (8000, 2.0)
    assert (controls["ColourGains"], controls["LensPosition"]) == ((1.5, 1.7), 12.0)


def test_a_lock_that_does_not_settle_ends_and_says_so(
    stand_in: type[StandIn], caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.frames_to_settle = 10**9
    with opened(stand_in) as camera, caplog.at_level(logging.WARNING):
        assert camera.lock(timeout_s=0.05).gain == 2.0
    assert "did not settle" in caplog.text


def test_settings_are_applied_when_it_opens(stand_in: type[StandIn]) -> None:
    settings = CameraSettings(5000, 1.0, (1.4, 1.8), 15.0)
    with opened(stand_in, settings=settings) as camera:
        controls = camera._device.set
        assert (controls["ExposureTime"], controls["LensPosition"], controls["AfMode"]) == (5000, 15.0, 0)
        camera.lock()
        assert "AfTrigger" not in controls, "a fixed focus was moved"


def test_a_frame_says_what_it_was_taken_with(stand_in: type[StandIn]) -> None:
    stand_in.frames_to_settle = 0  # else how far it has settled depends on how busy this machine is
    calibrated = CameraSettings(5000, calibrated_on=date(2025, 12, 31))
    with opened(stand_in, settings=calibrated) as camera:
        frame = camera.capture()
    assert frame.settings == CameraSettings(8000, 2.0, (1.5, 1.7), 12.0, calibrated_on=date(2025, 12, 31))
    assert not frame.simulated


def test_a_lens_without_a_fixed_position_follows_what_is_in_view(stand_in: type[StandIn]) -> None:
    with opened(stand_in) as camera:
        assert camera._device.set == {"AfMode": 2}  # libcamera's AfModeContinuous


def test_controls_that_are_not_offered_are_passed_over(stand_in: type[StandIn]) -> None:
    stand_in.controls = ("AeEnable", "ExposureTime", "AnalogueGain")
    with opened(stand_in, settings=CameraSettings(lens_position_dioptre=10.0)) as camera:
        assert camera.lock() == CameraSettings(8000, 2.0, calibrated_on=NOW.date())


def test_a_camera_that_left_the_list_is_lost_not_stalled(stand_in: type[StandIn]) -> None:
    with opened(stand_in) as camera:
        camera._device.silent = True
        with pytest.raises(CameraStalled):
            camera.preview()
        stand_in.present = False
        with pytest.raises(CameraLost, match="is gone"):
            camera.preview()


@pytest.mark.parametrize("failure", [RuntimeError("device error"), OSError(19, "No such device")])
def test_a_failing_driver_is_a_lost_camera(stand_in: type[StandIn], failure: Exception) -> None:
    with opened(stand_in) as camera:
        camera._device.failure = failure
        with pytest.raises(CameraLost, match="ribbon cable"):
            camera.capture()


def test_pictures_exposed_too_early_are_a_stall(stand_in: type[StandIn]) -> None:
    with opened(stand_in) as camera:
        camera._device.frames_to_settle = 10**9  # the exposures began long ago
        assert camera.preview().rgb.any()
        with pytest.raises(CameraStalled):
            camera.capture()


def test_every_request_goes_back_to_the_camera(stand_in: type[StandIn]) -> None:
    with opened(stand_in) as camera:
        camera.preview()
        camera.capture()
        camera.lock()
        assert camera._device.released == camera._device.frames


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        (ImportError("No module named 'picamera2'"), "sudo apt install python3-picamera2"),
        (ValueError("numpy.dtype size changed, may indicate binary incompatibility"), "numpy<2"),
    ],
)
def test_without_picamera2_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, remedy: str
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "picamera2":
            raise failure
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(CameraNotFound, match=remedy):
        detect()
    with pytest.raises(CameraNotFound, match=remedy):
        PicameraCamera()


@pytest.mark.parametrize("step", ["start", "__init__", "capture_request"])
@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), CameraOutOfMemory),
        (OSError(errno.ENOMEM, "ioctl failed"), CameraOutOfMemory),
        (RuntimeError("Failed to allocate buffers."), CameraOutOfMemory),
        (MemoryError(), CameraOutOfMemory),
        (OSError(errno.EBUSY, os.strerror(errno.EBUSY)), CameraBusy),
        (RuntimeError("Failed to start"), CameraLost),
    ],
)
def test_a_driver_s_error_is_told_as_what_it_is(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, step: str, cause: Exception, kind: type[CameraError]
) -> None:
    works = stand_in.__init__

    def fail(self: StandIn, *arguments: Any, **_: Any) -> None:
        if step == "__init__":
            works(self, *arguments)  # the pipe is open when picamera2 fails
        raise cause

    monkeypatch.setattr(stand_in, step, fail)
    with pytest.raises(CameraError) as failed:
        opened(stand_in)
    assert type(failed.value) is kind


def test_a_still_size_is_taken_or_refused(stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(stand_in, still_size=(2028, 1520)) as camera:
        assert camera.capture().rgb.shape == (1520, 2028, 3)

    def nearest(self: StandIn, configuration: dict[str, Any]) -> None:
        self.configuration = {**configuration, "main": {**configuration["main"], "size": (2304, 1296)}}

    monkeypatch.setattr(stand_in, "configure", nearest)
    with pytest.raises(CameraSizeRefused, match=r"2028 x 1520 \(its nearest is 2304 x 1296"):
        opened(stand_in, still_size=(2028, 1520))


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (RuntimeError("Invalid camera configuration"), CameraSizeRefused),
        (RuntimeError("Failed to allocate buffers."), CameraOutOfMemory),
    ],
)
def test_a_size_that_cannot_be_set_up_is_no_cable(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, cause: Exception, kind: type[CameraError]
) -> None:
    monkeypatch.setattr(stand_in, "configure", _failing(cause))
    with pytest.raises(CameraError) as failed:
        opened(stand_in)
    assert type(failed.value) is kind
    assert "cable" not in str(failed.value)


@pytest.mark.parametrize("step", ["close", "cancel_all_and_flush"])
def test_a_close_that_fails_is_no_success(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    camera = opened(stand_in)
    with monkeypatch.context() as broken:
        broken.setattr(stand_in, step, _failing(RuntimeError("the driver refuses")))
        with pytest.raises(CameraLost, match=r"could not be given back \(the driver refuses"):
            camera.close()
    assert "could not be given back" in caplog.text
    camera.close()
    camera._device.notifymeread.close()


def test_a_failed_opening_tells_the_first_fault(stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    close = stand_in.close

    def close_and_refuse(self: StandIn) -> None:
        close(self)
        raise RuntimeError("the driver refuses")

    monkeypatch.setattr(stand_in, "close", close_and_refuse)
    monkeypatch.setattr(stand_in, "start", _failing(RuntimeError("Failed to allocate buffers.")))
    with pytest.raises(CameraOutOfMemory):
        opened(stand_in)


def _failing(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail
