"""USB cameras: finding them, red first, every way to fail. OpenCV's real decoder reads a film in their place."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.damage import decode_jpeg
from kiosk.camera.usb import UsbCamera, UsbDevice, devices
from kiosk.errors import CameraBusy, CameraLost, CameraNotFound, CameraStalled

if TYPE_CHECKING:
    from tests.kiosk.camera.conftest import FilmedUsb

    MakeUsb = Callable[..., FilmedUsb]

STALL_TIMEOUT_S = 0.4
LONG_S = 60.0


def opened(usb: FilmedUsb) -> UsbCamera:
    return UsbCamera(usb.film, "film", stall_timeout_s=STALL_TIMEOUT_S, open_capture=usb)


def picture_number(rgb: NDArray[np.uint8]) -> float:
    """Which picture of the film this is, read from its red and its blue."""
    red, green, blue = rgb.reshape(-1, 3).mean(axis=0)
    assert green < 40
    number = (250 - red) / 4
    assert abs((blue - 10) / 4 - number) < 1.5, "red and blue are swapped"
    return float(number)


def test_red_comes_first_and_every_picture_is_another(usb: FilmedUsb) -> None:
    with opened(usb) as camera:
        numbers = [picture_number(take().rgb) for take in (camera.preview, camera.capture) * 4]
    steps = np.diff(numbers) % 50
    assert (steps > 0.2).all(), "a picture came twice"


def test_a_capture_leaves_out_the_picture_that_was_on_its_way(usb: FilmedUsb) -> None:
    with opened(usb) as camera:
        before = camera._grabbed
        camera.capture()
        assert camera._given >= before + 2


def test_nothing_is_decoded_while_nobody_looks(usb: FilmedUsb, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(usb) as camera:
        decoded = []
        monkeypatch.setattr(camera, "_decode", lambda: decoded.append(1))
        with camera._changed:
            assert camera._changed.wait_for(lambda: camera._grabbed > 20, LONG_S)
        assert not decoded


def test_motion_jpeg_is_decoded_red_first(make_usb: MakeUsb) -> None:
    padded = make_usb(lambda number, jpeg: jpeg + bytes(number % 3 * 512))  # the buffer may be longer
    with opened(padded) as camera:
        numbers = [picture_number(take().rgb) for take in (camera.preview, camera.capture) * 4]
    assert (np.diff(numbers) % 50 > 0.2).all(), "a picture came twice"


def test_a_capture_brings_the_camera_s_own_file_without_the_buffer_s_rest(make_usb: MakeUsb) -> None:
    sent: list[bytes] = []

    def send(_number: int, jpeg: bytes) -> bytes:
        sent.append(jpeg)
        return jpeg + bytes(512) + jpeg[len(jpeg) // 2 :]  # the rest of an earlier, longer picture

    with opened(make_usb(send)) as camera:
        frame = camera.capture()
    assert frame.jpeg in sent
    assert frame.jpeg is not None
    np.testing.assert_array_equal(decode_jpeg(frame.jpeg), frame.rgb)


def test_a_picture_that_lost_data_on_the_cable_is_dropped(make_usb: MakeUsb, capfd: pytest.CaptureFixture[str]) -> None:
    damages = (
        lambda jpeg: jpeg,
        lambda jpeg: jpeg[: len(jpeg) // 2],
        lambda jpeg: jpeg[: len(jpeg) // 2] + b"\xff\xd9",
        lambda jpeg: jpeg[: len(jpeg) // 2] + jpeg[len(jpeg) // 2 + 300 :],
        lambda jpeg: b"",
        lambda jpeg: bytes(len(jpeg)),
    )
    usb = make_usb(lambda number, jpeg: damages[number % len(damages)](jpeg))
    with UsbCamera(usb.film, "film", stall_timeout_s=LONG_S, open_capture=usb) as camera:
        for take in (camera.preview, camera.capture) * 4:
            rgb = take().rgb
            picture_number(rgb)
            assert np.ptp(rgb.reshape(-1, 3).astype(int), axis=0).max() <= 3, "part of the picture is missing"
    assert capfd.readouterr().err == ""


def test_nothing_but_damaged_pictures_is_a_stall(make_usb: MakeUsb) -> None:
    broken = threading.Event()
    usb = make_usb(lambda number, jpeg: jpeg[:2000] + b"\xff\xd9" if broken.is_set() else jpeg)
    with opened(usb) as camera:
        camera.capture()
        broken.set()
        with pytest.raises(CameraStalled, match="no new picture"):
            camera.capture()


def test_a_camera_without_motion_jpeg_is_converted_by_opencv(make_usb: MakeUsb) -> None:
    with opened(make_usb(lambda number, jpeg: jpeg, has_mjpeg=False)) as camera:
        for _ in range(3):
            picture_number(camera.capture().rgb)


def test_the_film_ends_like_a_pulled_plug(usb: FilmedUsb) -> None:
    with opened(usb) as camera:
        usb.plugged = False
        with pytest.raises(CameraLost, match="USB cable"):
            camera.preview()
    assert usb.released == 1


def test_a_hung_driver_keeps_the_device_until_it_lets_go(usb: FilmedUsb) -> None:
    usb.patience_s = LONG_S
    camera = opened(usb)
    usb.running.clear()
    with pytest.raises(CameraStalled):
        camera.preview()
    camera.close()
    assert usb.released == 0
    with pytest.raises(CameraBusy):
        opened(usb)
    usb.running.set()
    camera._reader.join(LONG_S)
    assert usb.released == 1
    opened(usb).close()


def test_another_process_is_an_owner_too(usb: FilmedUsb) -> None:
    child = os.fork()
    if child == 0:  # a second kiosk: holds the node until it is told to go
        os.setsid()
        descriptor = os.open(usb.film, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.kill(os.getpid(), 19)  # SIGSTOP: the parent sees that the lock is held
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    try:
        with pytest.raises(CameraBusy, match="Close the other program"):
            opened(usb)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    opened(usb).close()


def test_a_node_that_is_not_there() -> None:
    with pytest.raises(CameraNotFound, match=r"There is no /dev/video99\. Plug the camera in"):
        UsbCamera(Path("/dev/video99"))


def test_a_node_that_delivers_nothing_holds_nothing(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.write_bytes(b"no pictures in here")
    for _ in range(2):
        with pytest.raises(CameraNotFound, match="delivers no pictures"):
            UsbCamera(node)


def test_a_node_that_streams_to_another_program_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel answers there (uvc_v4l2.c, videobuf2-v4l2.c: EBUSY for who does not own the queue) is played."""

    def refuse(descriptor: int, request: int, argument: bytes) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    node = tmp_path / "video0"
    node.write_bytes(b"")
    monkeypatch.setattr(fcntl, "ioctl", refuse)
    with pytest.raises(CameraBusy):
        UsbCamera(node)


def test_failed_openings_leak_no_descriptors(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.write_bytes(b"")

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(5):
        with pytest.raises(CameraNotFound):
            UsbCamera(node)
    assert descriptors() <= before


def node(sysfs: Path, number: int, name: str, index: int, driver: str) -> None:
    folder = sysfs / f"video{number}"
    (folder / "device").mkdir(parents=True)
    (sysfs / "drivers" / driver).mkdir(parents=True, exist_ok=True)
    (folder / "device" / "driver").symlink_to(sysfs / "drivers" / driver)
    (folder / "name").write_text(f"{name}\n")
    (folder / "index").write_text(f"{index}\n")


def test_only_cameras_are_listed_by_number(tmp_path: Path) -> None:
    node(tmp_path, 10, "bcm2835-codec-decode", 0, "bcm2835-codec")
    node(tmp_path, 13, "bcm2835-isp-output0", 0, "bcm2835-isp")
    node(tmp_path, 20, "pispbe-input", 0, "pispbe")
    node(tmp_path, 11, "DermLite Cam", 0, "uvcvideo")
    node(tmp_path, 12, "DermLite Cam", 1, "uvcvideo")  # its metadata
    node(tmp_path, 2, "Dino-Lite", 0, "uvcvideo")
    assert devices(tmp_path) == (UsbDevice(2, "Dino-Lite"), UsbDevice(11, "DermLite Cam"))


def test_a_machine_without_video4linux_has_no_cameras(tmp_path: Path) -> None:
    assert devices(tmp_path / "nothing") == ()
