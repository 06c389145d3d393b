from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models.illuminant import neutral_gain, neutral_levels
from edge_models.preprocess import View, crop_square


def picture(height: int, width: int, seed: int, brightest: int = 256) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, brightest, (height, width, 3), dtype=np.uint8)


def in_neutral_light(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([neutral_levels(rgb)[rgb[..., channel], channel] for channel in range(3)], axis=-1)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99), brightest=st.integers(1, 256))
def test_the_gain_is_shades_of_grey_as_it_was_published(height: int, width: int, seed: int, brightest: int) -> None:
    rgb = picture(height, width, seed, brightest)
    illuminant = np.mean((rgb / 255.0) ** 6, axis=(0, 1)) ** (1 / 6) + 1e-3
    wanted = np.sqrt(np.mean(illuminant**2)) / illuminant
    np.testing.assert_allclose(neutral_gain(rgb), wanted, rtol=1e-9, atol=0.5 / 4096)


@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 99))
def test_where_a_pixel_lies_and_which_channel_comes_first_changes_nothing(height: int, width: int, seed: int) -> None:
    rgb = picture(height, width, seed)
    shuffled = np.random.default_rng(seed).permutation(rgb.reshape(-1, 3)).reshape(rgb.shape)
    np.testing.assert_array_equal(neutral_gain(shuffled), neutral_gain(rgb))
    np.testing.assert_array_equal(neutral_gain(np.ascontiguousarray(rgb[..., ::-1])), neutral_gain(rgb)[::-1])


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_grey_picture_stays_as_it_is(level: int) -> None:
    grey = np.repeat(picture(12, 16, 3)[..., :1], 3, axis=2)
    np.testing.assert_array_equal(in_neutral_light(grey), grey)
    plain = np.full((5, 4, 3), level, np.uint8)
    np.testing.assert_array_equal(in_neutral_light(plain), plain)


@settings(max_examples=60, deadline=None)
@given(gains=st.tuples(*[st.floats(0.6, 1.2)] * 3), seed=st.integers(0, 99))
def test_the_same_skin_in_two_lights_becomes_the_same_but_for_its_brightness(
    gains: tuple[float, float, float], seed: int
) -> None:
    skin = picture(40, 40, seed, 200)
    lit = np.rint(skin * np.array(gains)).astype(np.uint8)
    brighter = neutral_gain(lit) * gains / neutral_gain(skin)
    np.testing.assert_allclose(brighter, brighter.mean(), rtol=0.01)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 1), (0, 0, 0), (255, 255, 255)])
def test_light_of_one_colour_alone_is_no_error(colour: tuple[int, int, int]) -> None:
    gain = neutral_gain(np.full((3, 7, 3), colour, np.uint8))
    assert np.isfinite(gain).all()
    assert (gain > 0.5).all()


def test_a_neutral_view_estimates_the_light_of_its_own_crop() -> None:
    rgb = picture(60, 80, 1)
    rgb[:, :20] = (250, 10, 10)  # outside the crop
    view = View(zoom=1.25, quarter_turns=1, flip=True, neutral=True)
    plain = crop_square(rgb, View(zoom=1.25, quarter_turns=1, flip=True), 32)
    np.testing.assert_array_equal(crop_square(rgb, view, 32), in_neutral_light(plain))
