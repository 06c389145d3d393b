"""The replay camera: the order of its pictures, and folders that are not what they should be."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from kiosk.camera.replay import ReplayCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.clinical.frame import Frame
from kiosk.errors import CameraBusy, CameraNotFound

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def opened(folder: Path) -> ReplayCamera:
    return ReplayCamera(folder, device=SimulatedDevice("replay", 200.0))


def colour(frame: Frame) -> tuple[int, ...]:
    return tuple(int(value) for value in frame.rgb[0, 0])


def test_a_picture_stays_until_it_is_captured(folder: Path) -> None:
    with opened(folder) as camera:
        assert [colour(camera.preview()) for _ in range(5)] == [RED] * 5
        assert colour(camera.capture()) == RED
        assert colour(camera.preview()) == GREEN


def test_captures_go_round_in_the_order_of_names(folder: Path) -> None:
    with opened(folder) as camera:
        assert [colour(camera.capture()) for _ in range(4)] == [RED, GREEN, BLUE, RED]


def test_a_capture_is_the_file_and_a_preview_a_smaller_copy(folder: Path) -> None:
    with opened(folder) as camera:
        assert camera.capture().rgb.shape == (1200, 1600, 3)
        assert camera.preview().rgb.shape == (540, 720, 3)


def test_an_unreadable_picture_is_passed_over_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "0.png").write_bytes(b"not a picture")
    (folder / "notes.txt").write_text("not shown")
    with caplog.at_level(logging.WARNING), opened(folder) as camera:
        assert colour(camera.preview()) == GREEN
    assert "0.png" in caplog.text
    assert "notes.txt" not in caplog.text


def test_a_picture_that_vanishes_while_it_runs_is_passed_over(folder: Path) -> None:
    with opened(folder) as camera:
        camera.preview()
        (folder / "1.png").unlink()
        camera.capture()
        assert colour(camera.preview()) == BLUE


@pytest.mark.parametrize("content", [{}, {"a.txt": b"text"}, {"a.jpg": b""}, {"a.jpg": b"text", "b.png": b"text"}])
def test_a_folder_without_a_picture_is_no_camera(tmp_path: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CameraNotFound, match="Put JPEG or PNG pictures into it"):
        ReplayCamera(tmp_path)


def test_a_missing_folder_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="replay:DIR"):
        ReplayCamera(tmp_path / "nowhere")


def test_one_folder_is_one_camera_by_whatever_name(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    with ReplayCamera(folder), pytest.raises(CameraBusy):
        ReplayCamera(link)
    with ReplayCamera(link) as camera:
        camera.preview()


def test_a_camera_that_could_not_open_holds_nothing(folder: Path) -> None:
    (folder / "0.png").rename(folder.parent / "0.png")
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"")
    with pytest.raises(CameraNotFound):
        ReplayCamera(folder)
    (folder.parent / "0.png").rename(folder / "0.png")
    with ReplayCamera(folder) as camera:
        assert colour(camera.capture()) == RED


def test_real_pictures(tmp_path: Path) -> None:
    data = os.environ.get("DERMAKIOSK_DATA")
    if not data:
        pytest.skip("needs real images: set DERMAKIOSK_DATA")
    images = Path(data) / "isic2018_task3_val" / "images"
    with opened(images) as camera:
        frames = [camera.capture() for _ in range(3)]
    assert {frame.rgb.shape for frame in frames} == {(450, 600, 3)}
    assert not np.array_equal(frames[0].rgb, frames[1].rgb)
