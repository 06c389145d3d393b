"""Pixel formats against colours computed from the standards' own equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kiosk.camera.base import PREVIEW_WIDTH_PX
from kiosk.camera.pictures import shrink_to_preview, to_rgb
from kiosk.errors import CameraNotFound

RED = (200, 30, 60)
COLOURS = st.tuples(*[st.integers(10, 245)] * 3)


def yuv(rgb: tuple[int, int, int], full_range: bool) -> tuple[int, int, int]:
    """ITU-R BT.601 luma and chroma; full range as JPEG (JFIF 1.02) has it."""
    red, green, blue = (value / 255 for value in rgb)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    cb, cr = (blue - luma) / 1.772, (red - luma) / 1.402
    if full_range:
        return round(255 * luma), round(128 + 255 * cb), round(128 + 255 * cr)
    return round(16 + 219 * luma), round(128 + 224 * cb), round(128 + 224 * cr)


def buffer(pixel_format: str, colour: tuple[int, int, int], full_range: bool, stride: int) -> NDArray[np.uint8]:
    """A picture of one colour, 4 rows of 6 pixels, its rows padded to `stride`."""
    luma, blue, red = yuv(colour, full_range)
    array = np.zeros((6, stride), np.uint8)
    array[:4] = luma
    if pixel_format == "NV12":
        array[4:, 0::2], array[4:, 1::2] = blue, red
    else:
        array[4], array[5] = blue, red
    return array


@pytest.mark.parametrize("pixel_format", ["NV12", "YUV420"])
@pytest.mark.parametrize("stride", [6, 16])
@given(colour=COLOURS, full_range=st.booleans())
def test_yuv_becomes_the_colour_it_came_from(
    pixel_format: str, stride: int, colour: tuple[int, int, int], full_range: bool
) -> None:
    rgb = to_rgb(buffer(pixel_format, colour, full_range, stride), pixel_format, 6, full_range)
    assert rgb.shape == (4, 6, 3)
    # two roundings of chroma, each up to half a step of 1.8 levels
    np.testing.assert_allclose(rgb.astype(int), np.full((4, 6, 3), colour), atol=4)


@pytest.mark.parametrize(
    ("pixel_format", "memory"),
    [("BGR888", RED), ("RGB888", RED[::-1]), ("XBGR8888", (*RED, 255)), ("XRGB8888", (*RED[::-1], 255))],
)
def test_libcameras_names_read_from_the_top_byte(pixel_format: str, memory: tuple[int, ...]) -> None:
    array = np.full((2, 3, len(memory)), memory, np.uint8)
    np.testing.assert_array_equal(to_rgb(array, pixel_format, 3, True), np.full((2, 3, 3), RED))


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(CameraNotFound, match="SRGGB10"):
        to_rgb(np.zeros((2, 2), np.uint8), "SRGGB10", 2, True)


@given(width=st.integers(1, 3000), height=st.integers(1, 40))
def test_a_preview_keeps_its_shape(width: int, height: int) -> None:
    small = shrink_to_preview(np.zeros((height, width, 3), np.uint8))
    assert small.shape[1] == min(width, PREVIEW_WIDTH_PX)
    assert abs(small.shape[0] - height * small.shape[1] / width) <= 1
