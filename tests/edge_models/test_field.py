"""A round field of view within the picture is found and cut out; nothing else is taken for one."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from benchmarks.disturb import Field, drawn_over, within
from edge_models.field import Window, find_window, in_view, seen
from edge_models.image_file import read_rgb
from kiosk.camera.skin import paint

Rgb = NDArray[np.uint8]
fields = st.builds(
    lambda radius, rim, off, angle: Field(radius, rim, off * np.cos(angle), off * np.sin(angle)),
    radius=st.floats(0.30, 0.50),
    rim=st.floats(0.0, 0.08),
    off=st.floats(0.0, 0.1),
    angle=st.floats(0.0, 6.3),
)


@cache
def lesion(seed: int, width: int = 600, height: int = 450) -> Rgb:
    """A lesion on skin that fills the picture: the middle of a larger one, so that no rim is in it."""
    whole = paint(np.random.default_rng(seed), 2 * width, 2 * height)
    middle = whole[height // 2 : height // 2 + height, width // 2 : width // 2 + width].copy()
    middle.setflags(write=False)
    return middle


def misplaced(window: Window, field: Field, height: int, width: int) -> float:
    """How far the window's centre is from the field's, in heights."""
    y = window.top + window.side / 2 - height / 2 - field.dy * height
    x = window.left + window.side / 2 - width / 2 - field.dx * height
    return float(np.hypot(y, x) / height)


@settings(max_examples=60, deadline=None)
@given(field=fields, seed=st.integers(0, 3), black=st.integers(0, 20), size=st.sampled_from([(600, 450), (400, 300)]))
def test_a_round_field_is_found_wherever_it_is(field: Field, seed: int, black: int, size: tuple[int, int]) -> None:
    width, height = size
    window = find_window(within(lesion(seed, width, height), field, black))
    assert window is not None
    assert misplaced(window, field, height, width) < 0.015
    full_light = field.radius - field.rim / 2
    assert (
        0.86 * full_light <= window.side / np.sqrt(2) / height <= full_light + 0.015
    )  # the corners lie in nine tenths of the light, at least


@settings(max_examples=40, deadline=None)
@given(field=fields, seed=st.integers(0, 3))
def test_what_was_cut_out_is_not_cut_again(field: Field, seed: int) -> None:
    view = in_view(within(lesion(seed), field))
    assert in_view(view) is view


@pytest.mark.parametrize("shape", [(450, 600), (600, 450), (500, 500), (1944, 2592), (1080, 1920)])
def test_any_shape_of_picture(shape: tuple[int, int]) -> None:
    height, width = shape
    short = min(shape)
    rgb = cv2.resize(lesion(1), (width, height))
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height / 2, x - width / 2) < 0.4 * short
    window = find_window(rgb * inside[..., np.newaxis].astype(np.uint8))
    assert window is not None
    assert window.side == pytest.approx(0.4 * np.sqrt(2) * short, rel=0.06)
    assert abs(window.top + window.side / 2 - height / 2) < 0.015 * short
    assert abs(window.left + window.side / 2 - width / 2) < 0.015 * short


@pytest.mark.parametrize("radius", [0.55, 0.6, 0.7])
def test_a_field_larger_than_the_picture_changes_nothing(radius: float) -> None:
    for seed in range(3):
        rgb = within(lesion(seed), Field(radius, 0.02))
        assert find_window(rgb) is None
        assert in_view(rgb) is rgb


def test_a_dark_lesion_that_touches_the_rim() -> None:
    rgb = lesion(2).copy()
    cv2.circle(rgb, (430, 225), 70, (35, 20, 15), -1, cv2.LINE_AA)
    field = Field(0.42, 0.02)
    window = find_window(within(rgb, field))
    assert window is not None
    assert misplaced(window, field, 450, 600) < 0.02


def test_dark_skin() -> None:
    rgb = (lesion(0) * 0.4).astype(np.uint8)
    assert np.percentile(rgb.max(axis=2), 75) < 110
    assert find_window(within(rgb, Field(0.4, 0.03))) is not None


@pytest.mark.parametrize("overlay", ["ruler", "text", "hairs"])
def test_what_is_drawn_over_the_surroundings_does_not_hide_the_field(overlay: str) -> None:
    field = Field(0.4, 0.02)
    for seed in range(8):
        rgb = drawn_over(within(lesion(seed % 3), field), overlay, np.random.default_rng(seed))
        window = find_window(rgb)
        assert window is not None
        assert misplaced(window, field, 450, 600) < 0.02


def test_a_vignette_is_no_field() -> None:
    y, x = np.mgrid[:450, :600]
    light = np.clip(1.25 - (np.hypot(y - 225, x - 300) / 300) ** 2, 0.02, 1.0)[..., np.newaxis]
    assert find_window((lesion(1) * light).astype(np.uint8)) is None


def test_a_dark_square_frame_is_no_field() -> None:
    rgb = np.zeros((450, 600, 3), np.uint8)
    rgb[60:390, 110:490] = lesion(1)[60:390, 110:490]
    assert find_window(rgb) is None


def test_dark_all_over_or_dark_in_the_middle_is_no_field() -> None:
    assert find_window(np.zeros((450, 600, 3), np.uint8)) is None
    assert find_window((lesion(1) * 0.05).astype(np.uint8)) is None
    assert find_window(np.asarray(255 - within(lesion(1), Field(0.4, 0.0)), np.uint8)) is None


@settings(max_examples=200, deadline=None)
@given(
    st_numpy.arrays(
        np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3)), elements=st.integers(0, 255)
    )
)
def test_any_picture_has_a_window_within_it_or_none(rgb: Rgb) -> None:
    before = rgb.copy()
    window = find_window(rgb)
    np.testing.assert_array_equal(rgb, before)
    if window is not None:
        assert window.side >= 1
        assert 0 <= window.top <= rgb.shape[0] - window.side
        assert 0 <= window.left <= rgb.shape[1] - window.side
    assert seen(rgb, window).shape[:2] == (rgb.shape[:2] if window is None else (window.side, window.side))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="a picture must be"):
        find_window(np.zeros((4, 4), np.uint8))


def test_the_official_validation_pictures_are_seen_as_they_were() -> None:
    if "DERMAKIOSK_DATA" not in os.environ:
        pytest.skip("DERMAKIOSK_DATA does not name a folder with isic2018_task3_val/images")
    paths = sorted((Path(os.environ["DERMAKIOSK_DATA"]) / "isic2018_task3_val/images").glob("*.jpg"))
    assert [path.name for path in paths if find_window(read_rgb(path)) is not None] == []
