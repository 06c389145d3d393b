from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.robustness import (
    CAMERAS,
    CHANGES,
    RULERS,
    SENSORS,
    brighter,
    closer,
    coarser,
    gamma,
    mixed,
    other_camera,
    sharper,
    softer,
    tinted,
    turned,
    with_ruler,
)

EVERY = CHANGES | CAMERAS | SENSORS | RULERS


@given(height=st.integers(310, 350), width=st.integers(310, 350), name=st.sampled_from(sorted(EVERY)))
def test_a_change_gives_a_picture_and_leaves_the_original(height: int, width: int, name: str) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    rgb.setflags(write=False)
    changed = EVERY[name](rgb)
    assert changed.dtype == np.uint8
    assert changed.ndim == 3
    assert changed.size > 0
    assert changed.shape != rgb.shape or (changed != rgb).any()


def test_a_turn_is_undone_by_the_rest_of_the_circle() -> None:
    rgb = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    np.testing.assert_array_equal(turned(3)(turned(1)(rgb)), rgb)
    np.testing.assert_array_equal(turned(1)(rgb)[0, 0], rgb[0, -1])  # counter-clockwise


def test_brightness_is_a_gain_that_stops_at_white() -> None:
    rgb = np.array([[[0, 100, 250]]], np.uint8)
    assert brighter(1.1)(rgb).tolist() == [[[0, 110, 255]]]
    assert brighter(0.9)(rgb).tolist() == [[[0, 90, 225]]]


def test_a_tint_is_a_gain_of_every_channel() -> None:
    rgb = np.array([[[100, 100, 100], [250, 1, 0]]], np.uint8)
    assert tinted(1.2, 1.0, 0.5)(rgb).tolist() == [[[120, 100, 50], [255, 1, 0]]]


def test_mixed_colours_keep_greys_and_move_the_others() -> None:
    rgb = np.array([[[90, 90, 90], [200, 100, 50]], [[255, 0, 0], [0, 0, 255]]], np.uint8)
    changed = mixed([[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, -0.5, 1.5]])(rgb)
    assert changed.tolist() == [[[90, 90, 90], [180, 110, 25]], [[204, 26, 0], [0, 0, 255]]]


@pytest.mark.parametrize("name", [name for name in SENSORS if "sensor" in name or "tone" in name])
def test_another_sensor_leaves_grey_grey_and_black_and_white_alone(name: str) -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    changed = SENSORS[name](greys)
    assert (changed == changed[:, :, :1]).all()
    assert (changed[0, 0, 0], changed[0, -1, 0]) == (0, 255)


def test_a_gamma_darkens_the_middle_only() -> None:
    assert gamma(2.0)(np.array([[[0, 51, 255]]], np.uint8)).tolist() == [[[0, 10, 255]]]


def test_sharpening_steepens_an_edge_and_leaves_flat_parts_alone() -> None:
    rgb = np.full((100, 100, 3), 80, np.uint8)
    rgb[:, 50:] = 160
    row = sharper(1.0, 1.0)(rgb)[50, :, 0].astype(int)
    assert (row[0], row[-1]) == (80, 160)
    assert row[49] < 60
    assert row[50] > 180


def test_coarseness_is_a_height_and_small_pictures_stay() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (450, 600, 3), dtype=np.uint8)
    assert coarser(300)(rgb).shape == (300, 400, 3)
    assert coarser(450)(rgb) is rgb


@pytest.mark.parametrize("side", [100, 300])
def test_softness_goes_with_the_size_of_the_picture(side: int) -> None:
    """An edge spreads over the same share of the side."""
    rgb = np.zeros((side, 2 * side, 3), np.uint8)
    rgb[:, side:] = 255
    row = softer(1.0)(rgb)[side // 2, :, 0]
    assert np.count_nonzero((row > 40) & (row < 215)) == pytest.approx(0.02 * side, abs=1)
    assert (row[0], row[-1]) == (0, 255)


@pytest.mark.parametrize(("factor", "side"), [(1.05, 380), (1.0 / 1.05, 420)])
def test_zoom_keeps_the_centre_in_the_centre(factor: float, side: int) -> None:
    rgb = np.zeros((400, 400, 3), np.uint8)
    rgb[190:210, 190:210] = 255
    changed = closer(factor)(rgb)
    assert abs(changed.shape[0] - side) <= 2
    assert changed.shape[0] == changed.shape[1]
    np.testing.assert_array_equal(changed, changed[::-1, ::-1])
    assert changed.sum() == rgb.sum()


def test_pictures_are_spread_evenly_over_the_other_cameras() -> None:
    chosen = [other_camera(number) for number in range(2 * len(CAMERAS))]
    assert all(chosen.count(camera) == 2 for camera in CAMERAS.values())


def test_a_ruler_lies_in_the_middle_square_and_is_the_same_in_the_same_picture() -> None:
    rgb = np.full((120, 200, 3), 150, np.uint8)
    rgb[::2] = 140
    drawn = with_ruler(rgb)
    changed = (drawn != rgb).any(axis=2)
    assert 20 < changed.sum() < changed.size / 4
    assert not changed[:, :40].any()
    assert not changed[:, 160:].any()
    np.testing.assert_array_equal(drawn, with_ruler(rgb))
    rgb[0, 0] = 90
    assert (with_ruler(rgb) != drawn).sum() > 100, "another picture has another ruler"
