"""The phantom camera: the same seed, the same patients; pictures that pass the quality gate, mistakes that do not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.camera.phantom import FULL_SIZE, PhantomCamera, Scene
from kiosk.camera.simulation import SimulatedDevice
from kiosk.clinical.frame import Frame
from kiosk.clinical.quality_report import Reason, Verdict
from kiosk.pipeline import quality


def opened(seed: int) -> PhantomCamera:
    return PhantomCamera(seed, device=SimulatedDevice("phantom camera", 200.0))


@pytest.fixture
def camera() -> Iterator[PhantomCamera]:
    with opened(5) as phantom:
        yield phantom


def test_the_same_seed_shows_the_same_patients() -> None:
    with opened(7) as one, opened(7) as other:
        for take in ("preview", "capture", "preview"):
            np.testing.assert_array_equal(getattr(one, take)().rgb, getattr(other, take)().rgb)


def test_another_seed_shows_another_patient(camera: PhantomCamera) -> None:
    with opened(6) as other:
        assert np.abs(camera.capture().rgb.astype(int) - other.capture().rgb).mean() > 5


def test_a_capture_shows_what_the_preview_showed(camera: PhantomCamera) -> None:
    def coarse(frame: Frame) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(frame.rgb, (64, 48), interpolation=cv2.INTER_AREA), np.float32)

    preview, capture, following = coarse(camera.preview()), coarse(camera.capture()), coarse(camera.preview())
    assert np.abs(capture - preview).mean() < 2
    assert np.abs(following - preview).mean() > 5, "the next patient did not come"


def test_sizes_are_those_of_a_12_megapixel_camera(camera: PhantomCamera) -> None:
    assert camera.preview().rgb.shape == (540, 720, 3)
    assert camera.capture().rgb.shape == (FULL_SIZE[1], FULL_SIZE[0], 3)


def test_the_hand_trembles_and_the_sensor_is_noisy(camera: PhantomCamera) -> None:
    frames = [camera.preview().rgb for _ in range(3)]
    assert all(not np.array_equal(one, other) for one, other in pairwise(frames))


def test_the_gate_takes_its_pictures() -> None:
    for seed in range(4):
        with opened(seed) as camera:
            previous = None
            for _ in range(3):
                preview = camera.preview().rgb
                assert quality.check_preview(preview, previous).verdict is Verdict.PASS, seed
                previous = preview
            assert quality.check(camera.capture().rgb).verdict is Verdict.PASS, seed


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (Scene(defocus=0.02), Reason.OUT_OF_FOCUS),
        (Scene(gain=0.08), Reason.TOO_DARK),
        (Scene(gain=3.0), Reason.TOO_BRIGHT),
        (Scene(glare=0.3), Reason.GLARE),
    ],
)
def test_the_gate_sees_the_operators_mistakes(camera: PhantomCamera, scene: Scene, reason: Reason) -> None:
    camera.scene = scene
    assert reason in quality.check(camera.capture().rgb).reasons
    camera.scene = Scene()
    assert quality.check(camera.capture().rgb).verdict is Verdict.PASS


def test_its_name_says_that_nothing_is_real(camera: PhantomCamera) -> None:
    assert "simulated" in camera.name
    assert camera.capture().source == camera.name
