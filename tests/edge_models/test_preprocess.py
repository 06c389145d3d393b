from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models.illuminant import neutral_levels
from edge_models.preprocess import View, crop_square, least_side, model_input, quantise, reduced
from edge_models.reduce import halved

views = st.builds(
    View,
    zoom=st.floats(1.0, 4.0),
    dx=st.floats(-1.0, 1.0),
    dy=st.floats(-1.0, 1.0),
    quarter_turns=st.integers(0, 3),
    flip=st.booleans(),
    neutral=st.booleans(),
)
centred = st.builds(
    View,
    zoom=st.sampled_from([1.0, 1.25, 2.0, 3.7]),
    quarter_turns=st.integers(0, 3),
    flip=st.booleans(),
    neutral=st.booleans(),
)
sides = st.integers(1, 90)
SCALE, ZERO_POINT = 1 / 127.5, -1


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def area_mean(square: NDArray[np.uint8] | NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Exact area resize in rational arithmetic, written from the definition alone."""
    side = len(square)
    weights = np.zeros((size, side))
    for target in range(size):
        low, high = Fraction(target * side, size), Fraction((target + 1) * side, size)
        for source in range(side):
            overlap = min(high, Fraction(source + 1)) - max(low, Fraction(source))
            weights[target, source] = float(max(overlap, Fraction(0)) / (high - low))
    mean: NDArray[np.float64] = np.einsum("ys,stc,xt->yxc", weights, square.astype(np.float64), weights, optimize=True)
    return mean


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


def block_mean(rgb: NDArray[np.uint8], factor: int) -> NDArray[np.float64]:
    """Means of squares of `factor` pixels."""
    height, width = rgb.shape[0] // factor, rgb.shape[1] // factor
    return np.asarray(rgb.reshape(height, factor, width, factor, 3).mean(axis=(1, 3), dtype=np.float64))


@settings(max_examples=40, deadline=None)
@given(side=st.integers(8, 60), size=st.integers(1, 8), seed=st.integers(0, 9))
def test_shrinking_is_an_area_mean(side: int, size: int, seed: int) -> None:
    square = picture(side, side, seed)
    factor = side // len(halved(square, least_side([View()], size)))
    # OpenCV rounds once, or twice where it goes through two passes of fixed point, and half a level up in every halving
    rounded = 1.0 + 0.5 * (factor.bit_length() - 1)
    np.testing.assert_allclose(
        crop_square(square, View(), size), area_mean(block_mean(square, factor), size), atol=rounded
    )


def test_what_halving_changes_cannot_be_seen() -> None:
    """A camera's picture, its finest detail 6 px wide, against one exact reduction by area."""
    y, x = np.mgrid[:720, :720]
    waves = 128 + 100 * np.sin(x / 40 + np.sin(y / 30)) * np.cos(y / 50) + 20 * np.sin(x) * np.sin(y)
    square = np.stack([waves, 255 - waves, waves / 2], axis=-1).astype(np.uint8)
    assert len(halved(square, least_side([View()], 50))) == 180
    np.testing.assert_allclose(crop_square(square, View(), 50), area_mean(square, 50), atol=2.0)


@settings(max_examples=50, deadline=None)
@given(height=st.integers(1, 24), width=st.integers(1, 24), least=st.integers(1, 12))
def test_halving_averages_whole_blocks_and_stops_in_time(height: int, width: int, least: int) -> None:
    rgb = picture(8 * height, 8 * width)
    small = halved(rgb, least)
    factor = len(rgb) // len(small)
    assert small.shape == (8 * height // factor, 8 * width // factor, 3)
    assert factor == 1 or min(small.shape[:2]) >= least
    assert factor >= 8 or min(small.shape[:2]) < 2 * least
    np.testing.assert_allclose(small, block_mean(rgb, factor), atol=0.5 * factor.bit_length())


def test_a_picture_of_odd_sides_is_not_halved_so_that_no_pixel_is_lost() -> None:
    for odd in (picture(801, 800), picture(800, 801)):
        assert halved(odd, 10) is odd


@pytest.mark.parametrize("shape", [(300, 400), (450, 600), (1024, 768), (895, 895)])
def test_pictures_as_in_the_data_sets_are_resized_at_once(shape: tuple[int, int]) -> None:
    """The released models were calibrated with the first and are judged on the second too, bit by bit."""
    rgb = picture(*shape)
    assert halved(rgb, least_side([View()], 224)) is rgb


@settings(max_examples=40, deadline=None)
@given(chosen=st.lists(views, min_size=1, max_size=6), seed=st.integers(0, 9))
def test_a_picture_that_was_halved_before_gives_the_same_bytes(chosen: list[View], seed: int) -> None:
    rgb = picture(160, 208, seed)
    before = halved(rgb, least_side(chosen, 8))
    np.testing.assert_array_equal(
        model_input(before, chosen, 8, SCALE, ZERO_POINT), model_input(rgb, chosen, 8, SCALE, ZERO_POINT)
    )


def plain_model_input(rgb: NDArray[np.uint8], chosen: list[View], size: int) -> NDArray[np.int8]:
    """Each view by itself and in one piece: halve, crop, average, round half up, light, turn, flip, quantise."""
    found = []
    for view in chosen:
        small = rgb
        while not (small.shape[0] % 2 or small.shape[1] % 2) and min(small.shape[:2]) >= 2 * np.ceil(
            2 * size * view.zoom
        ):
            quads = small.reshape(small.shape[0] // 2, 2, small.shape[1] // 2, 2, 3).sum(axis=(1, 3), dtype=np.int64)
            small = ((quads + 2) // 4).astype(np.uint8)
        top, left, side = view.crop_box(*small.shape[:2])
        square = small[top : top + side, left : left + side]
        # OpenCV's own mean: it knows its weights to seven digits only, so that what lies midway falls to either side
        mean = cv2.resize(square.astype(np.float64), (size, size), interpolation=cv2.INTER_AREA)
        square = np.floor(mean + (0.5 + 1e-6)).astype(np.uint8)
        if view.neutral:
            square = np.stack([neutral_levels(square)[square[..., each], each] for each in range(3)], axis=-1)
        square = np.rot90(square, view.quarter_turns)
        found.append(quantise(square[:, ::-1] if view.flip else square, SCALE, ZERO_POINT))
    return np.stack(found)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(8, 30),
    width=st.integers(8, 30),
    blocks=st.sampled_from([1, 2, 4, 8]),
    chosen=st.lists(centred | views, min_size=1, max_size=4),
    seed=st.integers(0, 9),
    larger=st.integers(2, 7),
)
def test_bands_threads_and_the_square_alone_change_no_byte(
    pool: ThreadPoolExecutor, height: int, width: int, blocks: int, chosen: list[View], seed: int, larger: int
) -> None:
    size = 2  # of the model: smaller than any crop, so that everything shrinks
    rgb = picture(blocks * height, blocks * width, seed)
    wanted = plain_model_input(rgb, chosen, size)
    np.testing.assert_array_equal(model_input(rgb, chosen, size, SCALE, ZERO_POINT), wanted)
    np.testing.assert_array_equal(model_input(rgb, chosen, size, SCALE, ZERO_POINT, pool.map), wanted)
    sizes = [size, larger, size]
    small = reduced(rgb, chosen, sizes, 7, pool.map)
    np.testing.assert_array_equal(model_input(small, chosen, size, SCALE, ZERO_POINT), wanted)
    from_small, from_rgb = (model_input(image, chosen, larger, SCALE, ZERO_POINT) for image in (small, rgb))
    np.testing.assert_array_equal(from_small, from_rgb)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as opened:
        yield opened


def test_a_camera_s_picture_becomes_its_central_square_where_no_view_looks_beside_it() -> None:
    rgb = picture(304, 408)  # 3 : 4, as cameras have it
    turned = [View(), View(quarter_turns=1), View(zoom=1.25)]
    small = reduced(rgb, turned, [28], 64)
    whole = halved(rgb, least_side(turned, 28))
    assert whole.shape == (76, 102, 3)
    np.testing.assert_array_equal(small, whole[:, 13:89])
    beside = [*turned, View(zoom=1.25, dx=1.0)]
    np.testing.assert_array_equal(reduced(rgb, beside, [28], 64), halved(rgb, least_side(beside, 28)))


@pytest.mark.parametrize(
    ("shape", "beside"), [((95, 128), 16), ((380, 506), 31), ((96, 130), 8)], ids=["odd", "halved", "nearly square"]
)
def test_a_square_that_begins_within_a_pixel_keeps_that_pixel(shape: tuple[int, int], beside: int) -> None:
    """Cut off, it would shift the square by half of it, and all its pixels would be means of others."""
    rgb = picture(*shape)
    whole = halved(rgb, least_side([View()], 24))
    small = reduced(rgb, [View()], [24])
    np.testing.assert_array_equal(small, whole[:, beside:-beside])
    assert small.shape[1] == small.shape[0] + 1
    np.testing.assert_array_equal(crop_square(small, View(), 24), crop_square(rgb, View(), 24))


def test_no_more_of_a_12_megapixel_picture_is_read_than_gate_and_model_see() -> None:
    small = reduced(picture(3040, 4056), [View(), View(zoom=1.2)], [224], 512)
    assert small.shape == (760, 760, 3)
    assert reduced(picture(3040, 4056), [View()], [320, 224], 512).shape == (760, 760, 3)


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
@given(height=st.integers(4, 160), width=st.integers(4, 160), chosen=st.lists(views, min_size=1, max_size=6))
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
    tinted = (rgb * np.array([1.0, 0.8, 0.55])).astype(np.uint8)
    lit = [View(zoom=1.25, quarter_turns=1, neutral=True), View(neutral=True), View()]
    digest = hashlib.sha256(model_input(tinted, lit, 96, SCALE, ZERO_POINT).tobytes()).hexdigest()
    assert digest == "254814ef5a27d46cea0d6ec2f2b2c0a60f4acf213d92a3fb2503ed2c89a72660"


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
        ({"neutral": None}, "neutral must be true or false"),
        ({"turn": 1}, "no turn; it has zoom, dx, dy, quarter_turns, flip, neutral"),
        ([], "must be an object"),
    ],
)
def test_an_impossible_view_is_an_error_that_says_what_is_possible(document: Mapping[str, Any], message: str) -> None:
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
def test_what_is_not_a_picture_is_refused(rgb: NDArray[np.uint8], found: str) -> None:
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
        quantise(rgb.astype(np.int16), SCALE, 0)
