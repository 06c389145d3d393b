"""Which camera is taken: the one that is named or none, or by auto the first that is really there."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from kiosk.camera import choose, picamera
from kiosk.camera import usb as usb_cameras
from kiosk.camera.choose import CameraChoice, available_cameras, open_camera
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.replay import ReplayCamera
from kiosk.camera.source import AUTO, Source, SourceKind
from kiosk.camera.usb import UsbCamera, UsbDevice
from kiosk.errors import CameraBusy, CameraError, CameraNotFound, CameraSizeRefused

if TYPE_CHECKING:
    from tests.kiosk.camera.conftest import FilmedUsb


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No camera is connected, whatever this machine has."""

    def none(*_: object, **__: object) -> NoReturn:
        raise CameraNotFound("No camera module is connected", "Connect one")

    monkeypatch.setattr(choose, "PicameraCamera", none)
    monkeypatch.setattr(picamera, "detect", none)
    monkeypatch.setattr(usb_cameras, "devices", tuple)


@pytest.fixture
def one_usb(monkeypatch: pytest.MonkeyPatch, usb: FilmedUsb) -> None:
    """One USB camera, made of a film, behind a node that turns out to deliver nothing."""

    def opened(node: Path, name: str, *, size: tuple[int, int] | None) -> UsbCamera:
        if node.name != "video2":
            raise CameraNotFound(f"{node} delivers no pictures")
        return UsbCamera(usb.film, name, size=size, stall_timeout_s=0.4, open_capture=usb)

    monkeypatch.setattr(usb_cameras, "devices", lambda: (UsbDevice(0, "odd node"), UsbDevice(2, "DermLite")))
    monkeypatch.setattr(choose, "UsbCamera", opened)


def test_a_named_camera_is_opened(folder: Path, one_usb: None) -> None:
    with (
        open_camera(Source.parse("phantom")) as phantom,
        open_camera(Source.parse(f"replay:{folder}")) as replay,
        open_camera(Source.parse("usb:2")) as usb,
    ):
        assert isinstance(phantom, PhantomCamera)
        assert isinstance(replay, ReplayCamera)
        assert usb.name == "USB camera DermLite"


@pytest.mark.parametrize("source", ["picamera2", "usb", "usb:99", "replay:/nowhere"])
def test_a_named_camera_that_is_missing_is_not_replaced(source: str) -> None:
    with pytest.raises(CameraNotFound) as missing:
        open_camera(Source.parse(source))
    assert missing.value.remedy


def test_auto_takes_the_usb_camera_that_delivers(one_usb: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), open_camera(Source.parse("auto")) as camera:
        assert camera.name == "USB camera DermLite"
    assert "camera chosen automatically: USB camera DermLite" in caplog.text


def test_auto_never_simulates_a_camera_that_is_not_there() -> None:
    with pytest.raises(CameraNotFound) as missing:
        open_camera(AUTO)
    assert "No camera module is connected" in missing.value.remedy
    assert "Plug one in" in missing.value.remedy


def test_a_demo_warns_when_the_pictures_are_simulated(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), open_camera(Source.parse("demo")) as camera:
        assert camera.simulated
    assert "SIMULATED" in caplog.text
    assert "No camera module is connected" in caplog.text


def test_auto_does_not_simulate_a_camera_that_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> NoReturn:
        raise CameraBusy("The picamera2 imx477 is in use", "Close the other program")

    monkeypatch.setattr(choose, "PicameraCamera", busy)
    with pytest.raises(CameraBusy):
        open_camera(Source.parse("auto"))


def test_a_usb_camera_that_fails_is_named_when_no_other_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(node: Path, name: str, **_: object) -> UsbCamera:
        raise CameraBusy(f"The {name} is in use", "Close the other program")

    monkeypatch.setattr(usb_cameras, "devices", lambda: (UsbDevice(0, "DermLite"),))
    monkeypatch.setattr(choose, "UsbCamera", busy)
    for source in ("usb", "auto"):
        with pytest.raises(CameraBusy, match="DermLite"):
            open_camera(Source.parse(source))


def test_auto_does_not_simulate_a_camera_that_may_not_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the kernel answers whoever is not in the group video is played: tests may run as root."""

    def refuse(node: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(usb_cameras, "devices", lambda: (UsbDevice(0, "DermLite"),))
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CameraError, match="usermod"):
        open_camera(Source.parse("auto"))


def test_a_camera_that_auto_chose_is_waited_for_when_it_is_pulled_out(
    one_usb: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = CameraChoice(AUTO)
    choice.open().close()
    with monkeypatch.context() as pulled:
        pulled.setattr(usb_cameras, "devices", tuple)
        with pytest.raises(CameraNotFound):
            choice.open()
    with choice.open() as camera:
        assert camera.name == "USB camera DermLite"


def test_every_camera_is_there_or_has_a_remedy(one_usb: None) -> None:
    found = {str(each.source): each for each in available_cameras()}
    assert not found["picamera2"].present
    assert "Connect one" in found["picamera2"].text
    assert found["usb:2"].present
    assert found["usb:2"].text == "DermLite"


def test_no_usb_camera_has_a_remedy() -> None:
    [usb] = [each for each in available_cameras() if each.source.kind is SourceKind.USB]
    assert not usb.present
    assert "Plug one in" in usb.text


def test_a_usb_camera_is_named_by_its_link(one_usb: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "video2").touch()
    link = tmp_path / "usb-DermLite-video-index0"
    link.symlink_to("video2")
    asked = []
    opened: Callable[..., UsbCamera] = vars(choose)["UsbCamera"]

    def followed(node: Path, name: str, *, size: tuple[int, int] | None) -> UsbCamera:
        asked.append(node)
        return opened(node.resolve(), name, size=size)

    monkeypatch.setattr(choose, "UsbCamera", followed)
    with open_camera(Source(SourceKind.USB, link=link)) as camera:
        assert camera.name == "USB camera DermLite"
    assert asked == [link], "a camera that was pulled out is looked for under its link again"


def test_a_usb_camera_that_does_not_have_the_size_is_a_fault_of_the_configuration(one_usb: None) -> None:
    with open_camera(Source.parse("usb:2"), still_size=(640, 480)) as camera:
        assert camera.capture().rgb.shape == (480, 640, 3)
    with pytest.raises(CameraSizeRefused, match=r"1920 x 1080 \(its nearest is 640 x 480"):
        open_camera(Source.parse("usb:2"), still_size=(1920, 1080))
