from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models.preprocess import View, crop_square, model_input, quantise

views = st.builds(
    View,
    zoom=st.floats(1.0, 4.0),
    dx=st.floats(-1.0, 1.0),
    dy=st.floats(-1.0, 1.0),
    quarter_turns=st.integers(0, 3),
    flip=st.booleans(),
)
sides = st.integers(1, 90)
SCALE, ZERO_POINT = 1 / 127.5, -1


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def area_mean(square: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """Exact area resize in rational arithmetic, written from the definition alone: the oracle of `crop_square`."""
    side = len(square)
    weights = np.zeros((size, side))
    for target in range(size):
        low, high = Fraction(target * side, size), Fraction((target + 1) * side, size)
        for source in range(side):
            overlap = min(high, Fraction(source + 1)) - max(low, Fraction(source))
            weights[target, source] = float(max(overlap, Fraction(0)) / (high - low))
    return np.einsum("ys,stc,xt->yxc", weights, square.astype(np.float64), weights)


@given(height=sides, width=sides, view=views)
def test_the_crop_is_a_square_inside_the_picture(height: int, width: int, view: View) -> None:
    top, left, side = view.crop_box(height, width)
    assert 1 <= side <= min(height, width)
    assert 0 <= top <= height - side
    assert 0 <= left <= width - side


def test_the_crop_reaches_every_edge_and_is_centred_between() -> None:
    assert View().crop_box(300, 400) == (0, 50, 300)
    assert View(dx=-1.0).crop_box(300, 400) == (0, 0, 300)
    assert View(dx=1.0).crop_box(300, 400) == (0, 100, 300)
    assert View(zoom=1.5, dx=1.0, dy=-1.0).crop_box(300, 400) == (0, 200, 200)


@settings(max_examples=40, deadline=None)
@given(side=st.integers(8, 60), size=st.integers(1, 8), seed=st.integers(0, 9))
def test_shrinking_is_an_area_mean(side: int, size: int, seed: int) -> None:
    square = picture(side, side, seed)
    # OpenCV rounds once, or twice where it goes through two passes of fixed point
    np.testing.assert_allclose(crop_square(square, View(), size), area_mean(square, size), atol=1.0)


def test_a_picture_of_the_right_size_passes_unchanged() -> None:
    square = picture(32, 32)
    np.testing.assert_array_equal(crop_square(square, View(), 32), square)


def test_turns_are_counter_clockwise_and_come_before_the_flip() -> None:
    square = picture(16, 16)
    np.testing.assert_array_equal(crop_square(square, View(quarter_turns=1), 16), np.rot90(square))
    np.testing.assert_array_equal(crop_square(square, View(flip=True), 16), square[:, ::-1])
    both = crop_square(square, View(quarter_turns=1, flip=True), 16)
    np.testing.assert_array_equal(both, np.rot90(square)[:, ::-1])
    assert both.flags.c_contiguous


@settings(max_examples=50, deadline=None)
@given(height=st.integers(4, 60), width=st.integers(4, 60), chosen=st.lists(views, min_size=1, max_size=6))
def test_the_batch_is_byte_for_byte_what_each_view_gives_alone(height: int, width: int, chosen: list[View]) -> None:
    rgb = picture(height, width)
    batch = model_input(rgb, chosen, 12, SCALE, ZERO_POINT)
    assert batch.dtype == np.int8
    assert batch.shape == (len(chosen), 12, 12, 3)
    for row, view in zip(batch, chosen, strict=True):
        np.testing.assert_array_equal(row, quantise(crop_square(rgb, view, 12), SCALE, ZERO_POINT))


def test_the_picture_is_left_as_it_was_even_where_it_may_not_be_written() -> None:
    rgb = picture(40, 60)
    before = rgb.copy()
    rgb.setflags(write=False)
    model_input(rgb, [View(), View(zoom=1.3, flip=True)], 16, SCALE, ZERO_POINT)
    np.testing.assert_array_equal(rgb, before)


def test_a_picture_that_is_a_window_of_another_gives_the_same() -> None:
    frame = picture(50, 80)
    window = frame[5:45, 10:70]
    views = [View(), View(zoom=1.4, dx=0.5)]
    np.testing.assert_array_equal(
        model_input(window, views, 16, SCALE, ZERO_POINT), model_input(window.copy(), views, 16, SCALE, ZERO_POINT)
    )


@given(scale=st.floats(1e-4, 1.0), zero_point=st.integers(-128, 127))
def test_quantise_is_the_nearest_step_of_the_affine_map(scale: float, zero_point: int) -> None:
    pixels = np.arange(256, dtype=np.uint8)
    got = quantise(pixels, scale, zero_point).astype(np.float64)
    wanted = np.clip((pixels / 127.5 - 1.0) / scale + zero_point, -128, 127)
    assert np.abs(got - wanted).max() <= 0.5 + 2e-4
    assert (np.diff(got) >= 0).all()


def test_every_pixel_value_keeps_a_level_of_its_own_over_the_full_range() -> None:
    levels = quantise(np.arange(256, dtype=np.uint8), 1 / 127.5, -1)
    np.testing.assert_array_equal(levels, np.arange(-128, 128))


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """The digest was made on x86-64; `tests` run under arm64 must find it too."""
    rgb = picture(300, 400)
    chosen = [View(), View(zoom=1.25, quarter_turns=1), View(zoom=1.5, dx=-1.0, dy=1.0, flip=True), View(zoom=4.0)]
    digest = hashlib.sha256(model_input(rgb, chosen, 96, SCALE, ZERO_POINT).tobytes()).hexdigest()
    assert digest == "cae10bdd1a4443a73207a8a3be4e4eda768cb314b82ed17b6b111194507091ac"


@given(view=views)
def test_a_view_survives_json(view: View) -> None:
    assert View.from_json(json.loads(json.dumps(view.to_json()))) == view


def test_what_a_view_leaves_out_has_its_default() -> None:
    assert View.from_json({"zoom": 1.5}) == View(zoom=1.5)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"zoom": 0.9}, "zoom must be 1 or more"),
        ({"zoom": float("nan")}, "zoom must be a finite number"),
        ({"zoom": "1"}, "zoom must be a finite number"),
        ({"zoom": True}, "zoom must be a finite number"),
        ({"dx": 1.1}, "dx and dy must be from -1 to 1"),
        ({"dy": float("inf")}, "dy must be a finite number"),
        ({"quarter_turns": 4}, "quarter_turns must be 0, 1, 2 or 3"),
        ({"quarter_turns": 1.0}, "quarter_turns must be 0, 1, 2 or 3"),
        ({"flip": 1}, "flip must be true or false"),
        ({"turn": 1}, "no turn; it has zoom, dx, dy, quarter_turns, flip"),
        ([], "must be an object"),
    ],
)
def test_an_impossible_view_is_an_error_that_says_what_is_possible(document: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        View.from_json(document)


@pytest.mark.parametrize(
    ("rgb", "found"),
    [
        (np.zeros((4, 4, 3), np.float32), r"float32\[4, 4, 3\]"),
        (np.zeros((4, 4), np.uint8), r"uint8\[4, 4\]"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8\[4, 4, 4\]"),
        (np.zeros((0, 4, 3), np.uint8), r"uint8\[0, 4, 3\]"),
        ([[1, 2, 3]], "list"),
    ],
)
def test_what_is_not_a_picture_is_refused(rgb: Any, found: str) -> None:
    with pytest.raises(ValueError, match=f"uint8\\[height, width, 3\\], not {found}"):
        crop_square(rgb, View(), 8)
    with pytest.raises(ValueError, match="a picture must be"):
        model_input(rgb, [View()], 8, SCALE, ZERO_POINT)


def test_impossible_sizes_views_and_quantisations_are_refused() -> None:
    rgb = picture(8, 8)
    with pytest.raises(ValueError, match="size must be positive"):
        crop_square(rgb, View(), 0)
    with pytest.raises(ValueError, match="at least one view"):
        model_input(rgb, [], 8, SCALE, ZERO_POINT)
    with pytest.raises(ValueError, match="impossible quantisation"):
        quantise(rgb, 0.0, 0)
    with pytest.raises(ValueError, match="impossible quantisation"):
        quantise(rgb, SCALE, 128)
    with pytest.raises(ValueError, match="must be uint8"):
        quantise(rgb.astype(np.int16), SCALE, 0)  # type: ignore[arg-type]
