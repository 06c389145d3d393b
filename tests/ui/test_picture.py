"""The captured picture and the outline of what the model looked at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kiosk.ui.packing import pack
from kiosk.ui.widgets.picture import DISPLAY_SIDE_MAX_PX, display_jpeg, outline


@pytest.mark.parametrize("shape", [(450, 600), (3040, 4056), (1, 5000), (5000, 1), (1, 1), (2561, 2560)])
def test_picture_keeps_its_proportions_and_is_small_enough(shape: tuple[int, int]) -> None:
    shown = cv2.imdecode(np.frombuffer(display_jpeg(np.zeros((*shape, 3), np.uint8)), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    height, width = shown.shape[:2]
    assert max(height, width) == min(max(shape), DISPLAY_SIDE_MAX_PX)
    assert abs(width * shape[0] - height * shape[1]) <= max(shape) * 2


def test_colours_stay_in_order() -> None:
    red = np.zeros((3000, 4000, 3), np.uint8)
    red[..., 0] = 200
    shown = cv2.imdecode(np.frombuffer(display_jpeg(red), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert np.abs(shown[100, 100].astype(int) - (0, 0, 200)).max() <= 3  # OpenCV decodes to blue, green, red


def test_outline_lies_around_the_evidence() -> None:
    activation = np.zeros((7, 7), np.float32)
    activation[1, 5] = 3.0
    (polygon,) = outline(activation)
    xs, ys = zip(*polygon, strict=True)
    assert min(xs) < 5.5 / 7 < max(xs)
    assert min(ys) < 1.5 / 7 < max(ys)
    assert max(xs) - min(xs) < 3 / 7


@given(arrays(np.float32, (7, 7), elements=st.floats(0, 100, width=32)))
def test_outline_stays_within_the_square(activation: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    polygons = outline(activation)
    assert all(0.0 <= value <= 1.0 for polygon in polygons for point in polygon for value in point)
    assert all(len(polygon) >= 3 for polygon in polygons)


@pytest.mark.parametrize("activation", [None, np.zeros((7, 7), np.float32)])
def test_no_evidence_no_outline(activation: np.ndarray[tuple[int, int], np.dtype[np.float32]] | None) -> None:
    assert outline(activation) == []


def test_packing() -> None:
    assert pack({"a": "é"}, b"jpeg") == b'\x00\x00\x00\x0b{"a": "\xc3\xa9"}jpeg'
