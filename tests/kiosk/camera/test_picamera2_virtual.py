"""The real picamera2 on libcamera's virtual camera: colours, streams, what is missing. See tests/picamera2/run.sh."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk.camera import choose
from kiosk.camera.picamera import BUFFER_COUNT, PicameraCamera, detect
from kiosk.clinical.frame import CameraSettings
from kiosk.errors import CameraBusy, CameraNotFound

if not os.environ.get("DERMAKIOSK_VIRTUAL_FRAMES"):
    pytest.skip("needs libcamera's virtual camera: make test-picamera2", allow_module_level=True)

from virtual_camera import COLOURS, SIZE, VirtualPicamera2, patches, show_chart

# picamera2 calls a method that Python has renamed
pytestmark = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning")


@pytest.fixture
def camera() -> Iterator[PicameraCamera]:
    show_chart(Path(os.environ["DERMAKIOSK_VIRTUAL_FRAMES"]))
    with PicameraCamera(picamera2_class=VirtualPicamera2) as opened:
        yield opened


@pytest.mark.parametrize("take", ["preview", "capture"])
def test_red_is_red_in_both_streams(camera: PicameraCamera, take: str) -> None:
    seen = patches(getattr(camera, take)().rgb)
    # JPEG and the camera's YUV each round; a swap of red and blue or a wrong range is off by 10 and more
    np.testing.assert_allclose(seen, COLOURS, atol=4)


def test_both_streams_are_in_one_configuration(camera: PicameraCamera) -> None:
    configuration = camera._device.camera_configuration()
    assert configuration["main"]["size"] == SIZE
    assert configuration["lores"]["size"] == (720, 540)
    assert configuration["raw"] is None
    assert configuration["buffer_count"] == BUFFER_COUNT
    before = camera._device.configure_count
    camera.capture()
    camera.preview()
    assert camera._device.configure_count == before, "a capture switched the mode"


def test_the_name_says_which_sensor(camera: PicameraCamera) -> None:
    assert camera.name == "picamera2 virtual-chart"
    assert detect() == camera.name


def test_a_camera_without_controls_locks_nothing_and_goes_on(camera: PicameraCamera) -> None:
    assert camera.lock(timeout_s=0.5) == CameraSettings()
    assert camera.capture().rgb.any()


def test_settings_that_the_camera_lacks_are_passed_over() -> None:
    settings = CameraSettings(exposure_us=8000, gain=1.0, colour_gains=(1.5, 1.7), lens_position_dioptre=12.5)
    with PicameraCamera(picamera2_class=VirtualPicamera2, settings=settings) as camera:
        assert camera.capture().rgb.any()


def test_a_smaller_still_can_be_asked_for() -> None:
    with PicameraCamera(picamera2_class=VirtualPicamera2, still_size=(720, 540)) as camera:
        assert camera.capture().rgb.shape == (540, 720, 3)


def test_a_missing_camera_is_said_so() -> None:
    with pytest.raises(CameraNotFound, match=r"No camera module 7 .*rpicam-hello"):
        PicameraCamera(7, picamera2_class=VirtualPicamera2)


def test_failed_openings_leak_no_descriptors(camera: PicameraCamera) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count of what the kernel lists

    def refused() -> None:
        with pytest.raises(CameraBusy):
            PicameraCamera(picamera2_class=VirtualPicamera2)

    refused()
    before = descriptors()
    for _ in range(5):
        refused()
    assert descriptors() <= before


def test_doctor_sees_it(camera: PicameraCamera) -> None:
    found = {str(each.source): each for each in choose.available_cameras()}
    assert found["picamera2"].present
    assert re.search("virtual-chart", found["picamera2"].text)
