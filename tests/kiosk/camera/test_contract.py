"""The rules of `kiosk.camera.base.Camera`, held against every adapter that can run here.

The real picamera2 joins them on libcamera's virtual camera: `make test-picamera2`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from kiosk.camera.base import PREVIEW_WIDTH_PX
from kiosk.errors import CameraBusy, CameraClosed, CameraError, CameraLost, CameraStalled

if TYPE_CHECKING:
    from tests.kiosk.camera.conftest import Rig

LONG_S = 60.0

# picamera2 calls a method that Python has renamed
pytestmark = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning")


def test_a_preview_is_small_and_a_capture_is_not_smaller(rig: Rig) -> None:
    with rig.open() as camera:
        preview, capture = camera.preview(), camera.capture()
    assert preview.width_px <= PREVIEW_WIDTH_PX
    assert capture.width_px >= preview.width_px
    assert abs(capture.width_px / capture.height_px - preview.width_px / preview.height_px) < 0.01
    assert preview.source == capture.source == camera.name


def test_a_capture_is_exposed_after_the_call(rig: Rig) -> None:
    with rig.open() as camera:
        camera.preview()
        for take in (camera.capture, camera.capture):
            called_at = datetime.now(UTC)
            assert take().captured_at > called_at


def test_pictures_come_in_order_and_none_twice(rig: Rig) -> None:
    with rig.open() as camera:
        frames = [camera.preview(), camera.preview(), camera.capture(), camera.preview(), camera.capture()]
    times = [frame.captured_at for frame in frames]
    assert times == sorted(set(times))


def test_threads_get_pictures_of_their_own(rig: Rig) -> None:
    with rig.open() as camera, ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(take) for take in (camera.preview, camera.capture) * 3]
        times = [call.result().captured_at for call in calls]
    assert len(set(times)) == len(times)


def test_a_frame_cannot_be_changed_by_whoever_sees_it(rig: Rig) -> None:
    with rig.open() as camera:
        frame = camera.preview()
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0, 0] = 1


def test_a_preview_after_a_pause_is_not_an_old_picture(rig: Rig) -> None:
    with rig.open() as camera:
        seen = camera.preview()
        threading.Event().wait(0.5)  # pictures pass unseen: that takes as long as it takes
        frame = camera.preview()
    assert frame.captured_at - seen.captured_at > timedelta(seconds=0.25), "a picture that had been waiting"


def test_it_has_one_owner(rig: Rig) -> None:
    with rig.open() as camera:
        with pytest.raises(CameraBusy, match="in use"):
            rig.open()
        assert camera.preview().rgb.any(), "the owner was disturbed"


def test_closed_means_closed(rig: Rig) -> None:
    camera = rig.open()
    camera.close()
    camera.close()
    for take in (camera.preview, camera.capture):
        with pytest.raises(CameraClosed):
            take()


def test_it_opens_again_after_closing(rig: Rig) -> None:
    for _ in range(3):
        with rig.open() as camera:
            assert camera.capture().rgb.any()


def test_a_stall_is_an_error_and_heals(rig: Rig) -> None:
    with rig.open() as camera:
        before = camera.preview()
        rig.stall()
        for take in (camera.preview, camera.capture):
            with pytest.raises(CameraStalled, match="no new picture"):
                take()
        rig.restore()
        assert camera.preview().captured_at > before.captured_at


def test_a_stalled_camera_can_be_closed_and_opened_again(rig: Rig) -> None:
    camera = rig.open()
    rig.stall()
    with pytest.raises(CameraStalled):
        camera.capture()
    rig.restore()
    camera.close()
    with rig.open() as again:
        assert again.capture().rgb.any()


def test_closing_wakes_who_waits(patient_rig: Rig, wait_until_blocked: Callable[[threading.Thread], None]) -> None:
    camera = patient_rig.open()
    patient_rig.stall()
    errors: list[CameraError] = []

    def capture() -> None:
        with pytest.raises(CameraError) as raised:
            camera.capture()
        errors.append(raised.value)

    waiting, closing = threading.Thread(target=capture), threading.Thread(target=camera.close)
    waiting.start()
    wait_until_blocked(waiting)
    closing.start()
    waiting.join(LONG_S / 2)
    patient_rig.restore()  # a driver that hangs would let nobody close it before
    closing.join(LONG_S / 2)
    assert [type(error) for error in errors] == [CameraClosed], "closing woke nobody before the camera had stalled"
    assert not closing.is_alive()


def test_an_unplugged_camera_is_lost_until_it_is_opened_again(rig: Rig) -> None:
    if rig.unplug is None:
        pytest.skip("libcamera's virtual camera cannot be unplugged")
    with rig.open() as camera:
        camera.preview()
        rig.unplug()
        with pytest.raises(CameraLost):
            camera.capture()
        with pytest.raises(CameraLost):
            camera.preview()
    with pytest.raises(rig.absent):
        rig.open()
    rig.restore()
    with rig.open() as again:
        assert again.capture().rgb.any()


def test_every_error_says_what_to_do(rig: Rig) -> None:
    errors: list[CameraError] = []
    with rig.open() as camera:
        with pytest.raises(CameraError) as busy:
            rig.open()
        rig.stall()
        with pytest.raises(CameraError) as stalled:
            camera.preview()
        rig.restore()
        errors += [busy.value, stalled.value]
    with pytest.raises(CameraError) as closed:
        camera.preview()
    for error in (*errors, closed.value):
        assert error.what
        assert error.remedy
        assert "\n" not in str(error)


def test_pictures_have_detail_or_colour(rig: Rig) -> None:
    with rig.open() as camera:
        rgb = camera.capture().rgb
    assert rgb.dtype == np.uint8
    assert rgb.shape[2] == 3
    assert int(rgb.max()) - int(rgb.min()) > 50
