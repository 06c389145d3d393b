from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.augment import augment
from training.config import AugmentConfig

STILL = AugmentConfig(
    side=(1.0, 1.0), stretch=0.0, gain=0.0, brightness=0.0, contrast=0.0, saturation=0.0,
    blur_probability=0.0, sharpen_probability=0.0, cutout_probability=0.0,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(40, 160), width=st.integers(40, 160), size=st.sampled_from([32, 64, 96]), seed=st.integers(0, 99)
)
def test_any_picture_becomes_a_square_of_bytes(height: int, width: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = rgb.copy()
    crop = augment(rgb, size, AugmentConfig(blur_probability=0.4, sharpen_probability=0.4, cutout_probability=0.5), rng)
    assert crop.shape == (size, size, 3)
    assert crop.dtype == np.uint8
    np.testing.assert_array_equal(rgb, before)


def test_the_same_seed_gives_the_same_picture() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    first, again, other = (augment(rgb, 32, AugmentConfig(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_with_every_range_closed_colours_stay() -> None:
    rgb = np.full((60, 80, 3), (200, 120, 90), np.uint8)
    np.testing.assert_array_equal(augment(rgb, 32, STILL, np.random.default_rng(3))[8, 8], (200, 120, 90))


@pytest.mark.parametrize("seed", range(5))
def test_a_turn_keeps_what_lies_in_the_middle(seed: int) -> None:
    rgb = np.zeros((96, 96, 3), np.uint8)
    rgb[38:58, 38:58] = 255
    crop = augment(rgb, 96, STILL, np.random.default_rng(seed)).mean(axis=2)
    assert crop[48, 48] == 255.0
    assert crop.sum() == pytest.approx(20 * 20 * 255, rel=0.03)  # moved and turned, neither grown nor shrunk


@pytest.mark.parametrize("seed", range(4))
def test_a_large_picture_is_averaged_and_not_sampled(seed: int) -> None:
    checkered = (np.indices((400, 400)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = augment(np.repeat(checkered[..., None], 3, axis=2), 64, STILL, np.random.default_rng(seed))
    np.testing.assert_allclose(crop, 127.5, atol=12.0)


@pytest.mark.parametrize("seed", range(6))
def test_hairs_cover_little_and_leave_the_rest_as_it_is(seed: int) -> None:
    rgb = np.full((120, 120, 3), 130, np.uint8)
    crop = augment(rgb, 112, replace(STILL, hair_probability=1.0), np.random.default_rng(seed))
    changed = (crop != 130).any(axis=2)
    assert 0.0 < changed.mean() < 0.4


def test_constancy_makes_a_tinted_picture_neutral() -> None:
    rng = np.random.default_rng(0)
    tinted = (rng.integers(60, 200, (120, 120, 1)) * np.array([1.2, 1.0, 0.7])).astype(np.uint8)
    crop = augment(tinted, 96, replace(STILL, constancy_probability=1.0), rng).reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(crop, crop.mean(), rtol=0.02)
    assert crop.mean() == pytest.approx(tinted.mean(), rel=0.1)  # neutral, not darker
