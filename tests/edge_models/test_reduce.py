"""Pictures made small: exact halves by area first, then what is left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models.reduce import shrunk

Rgb = NDArray[np.uint8]


def picture(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 90),
    columns=st.integers(1, 90),
    width=st.integers(1, 120),
    height=st.integers(1, 120),
    level=st.integers(0, 255),
)
def test_any_picture_gets_the_size_asked_for(rows: int, columns: int, width: int, height: int, level: int) -> None:
    rgb = np.full((rows, columns, 3), level, np.uint8)
    np.testing.assert_array_equal(shrunk(rgb, width, height), np.full((height, width, 3), level, np.uint8))


@pytest.mark.parametrize("side", [256, 300, 450, 511])
def test_less_than_twice_too_large_is_bilinear_alone(side: int) -> None:
    square = picture(side, side)
    expected = cv2.resize(square, (256, 256), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(shrunk(square, 256, 256), expected)


def test_halves_are_means_of_four_pixels_rounded_half_up() -> None:
    square = picture(96, 128)
    quads = square.reshape(48, 2, 64, 2, 3).sum(axis=(1, 3), dtype=np.int64)
    np.testing.assert_array_equal(shrunk(square, 64, 48), (quads + 2) // 4)


def test_an_odd_last_row_and_column_are_dropped_before_a_halving() -> None:
    square = picture(97, 129)
    np.testing.assert_array_equal(shrunk(square, 64, 48), shrunk(square[:96, :128], 64, 48))


def test_a_picture_of_that_size_is_given_back_itself() -> None:
    square = picture(48, 64)
    assert shrunk(square, 64, 48) is square
