"""The only crop, resize, normalise and quantise of the project: kiosk, training and benchmarks all call it.

The result is the same to the bit on x86-64 and arm64. Slices, exact halves, OpenCV's bilinear on uint8, turns, flips
and a look-up table are so by themselves; a mean over parts of pixels is not where it is added up in float32, so it is
made in float64 and rounded by a rule that no noise of the last digits can tip.

A camera's large picture is first halved by area as often as no view loses by it: exact halves are six times faster than
one large reduction, and all crops share them. Pictures whose crops are less than four times the model's side (all of
HAM10000 and ISIC 2018) are never halved.

The light of a view is made neutral (illuminant correction), where the view asks for it, in the same table look-up that
quantises it.

The halving itself, and what `spread` is, stand in `edge_models/reduce.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache, partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.illuminant import neutral_levels
from edge_models.reduce import BANDS, Spread, check_picture, halved, halvings, run

_DETAIL = 2
"""A crop is not halved to less than this many pixels for each of the model's, so that area weights stay fine."""
_TURNS = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
_AREA_TIE = 1e-6
"""Levels below midway from which a mean is rounded up: far above float64's noise, far below what can be seen."""
_TIE = 1e-4
"""Share of a level within which a value counts as midway."""


@dataclass(frozen=True)
class View:
    """One way of cutting a square out of a picture; several are test-time augmentation.

    Attributes:
        zoom: ≥ 1; the crop's side is the picture's shorter side divided by it.
        dx: -1 … 1, the crop's place between the left edge and the right one, 0 is the centre.
        dy: -1 … 1, the same between top and bottom.
        quarter_turns: 0 … 3, counter-clockwise, made after the resize.
        flip: mirrored left to right, after the turns.
        neutral: seen in neutral light (`edge_models.illuminant`), as the crop itself suggests it.
    """

    zoom: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    quarter_turns: int = 0
    flip: bool = False
    neutral: bool = False

    def __post_init__(self) -> None:
        for name in ("zoom", "dx", "dy"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"a view's {name} must be a finite number, not {value!r}")
        if self.zoom < 1.0:
            raise ValueError(f"a view's zoom must be 1 or more, not {self.zoom:g}")
        if not (-1.0 <= self.dx <= 1.0 and -1.0 <= self.dy <= 1.0):
            raise ValueError(f"a view's dx and dy must be from -1 to 1, not {self.dx:g}, {self.dy:g}")
        if type(self.quarter_turns) is not int or not 0 <= self.quarter_turns <= 3:
            raise ValueError(f"a view's quarter_turns must be 0, 1, 2 or 3, not {self.quarter_turns!r}")
        for name in ("flip", "neutral"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"a view's {name} must be true or false, not {getattr(self, name)!r}")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> View:
        """Read what `to_json` wrote; what is left out has its default.

        Raises:
            ValueError: not a mapping, an unknown key or an impossible value.
        """
        if not isinstance(document, Mapping):
            raise ValueError(f"a view must be an object, not {document!r}")  # noqa: TRY004 - one error for a bad file
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(document) - set(known))
        if unknown:
            raise ValueError(f"a view has no {', '.join(unknown)}; it has {', '.join(known)}")
        return cls(**document)

    def to_json(self) -> dict[str, float | int | bool]:
        """The view as JSON's types."""
        return asdict(self)

    def upright(self) -> View:
        """The same crop in the same light, neither turned nor mirrored."""
        return replace(self, quarter_turns=0, flip=False)

    def crop_box(self, height: int, width: int) -> tuple[int, int, int]:
        """(top, left, side) in pixels of the square that this view cuts from a picture of that size."""
        side = max(1, math.floor(min(height, width) / self.zoom + 0.5))
        top = math.floor((height - side) * (1.0 + self.dy) / 2.0 + 0.5)
        left = math.floor((width - side) * (1.0 + self.dx) / 2.0 + 0.5)
        return top, left, side


def crop_square(rgb: NDArray[np.uint8], view: View, size: int) -> NDArray[np.uint8]:
    """Cut, resize, light, turn and flip one view.

    Args:
        rgb: uint8[height, width, 3], only read.
        view: what to cut.
        size: side of the result in pixels.

    Returns:
        uint8[size, size, 3], contiguous, the same colour order.

    Raises:
        ValueError: `rgb` is not such an array, or `size` is not positive.
    """
    square = _cut(halved(rgb, least_side([view], size)), view)
    small = np.empty((size, size, 3), np.uint8)
    for work in _resizing(square, small):
        work()
    lit = cv2.LUT(small, neutral_levels(small)[np.newaxis]) if view.neutral else small
    turned = np.empty_like(small)
    _turn(lit, view, turned)
    return turned


def reduced(
    rgb: NDArray[np.uint8], views: Sequence[View], sizes: Sequence[int], least_side_px: int = 1, spread: Spread = map
) -> NDArray[np.uint8]:
    """As little of a picture as `model_input` needs: halved, and where every view is centred its central square alone.

    Where that begins within a pixel of the halved picture, the two sides of what is left differ by one such pixel.

    `model_input` makes the same bytes of it as of the picture, and its central square is that of the picture `halved`
    to the same side.

    Args:
        rgb: uint8[height, width, 3], only read.
        views: see `model_input`.
        sizes: see `model_input`, at least one.
        least_side_px: the shorter side that somebody else needs besides.
        spread: see `edge_models.reduce`.

    Returns:
        uint8[rows, columns, 3]; `rgb` itself or a window of it where nothing is halved.

    Raises:
        ValueError: as `halved` and `least_side`.
    """
    check_picture(rgb)
    least = max(least_side_px, least_side(views, max(sizes)))
    height, width = rgb.shape[:2]
    if not any(view.dx or view.dy for view in views):
        # model_input halves on for the smallest zoom and size: what is cut off must be whole pixels there too
        count = halvings(height, width, least_side([View(min(view.zoom for view in views))], min(sizes)))
        spare = abs(height - width) >> (count + 1) << count
        rgb = rgb[:, spare : width - spare] if height < width else rgb[spare : height - spare]
    return halved(rgb, least, spread)


def least_side(views: Sequence[View], size: int) -> int:
    """The shorter side in pixels that `halved` must leave for all of `views` of a model with that input side.

    Raises:
        ValueError: no views, or `size` is not positive.
    """
    if not views:
        raise ValueError("at least one view is needed")
    if size < 1:
        raise ValueError(f"the size must be positive, not {size}")
    return math.ceil(_DETAIL * size * max(view.zoom for view in views))


def quantise(rgb: NDArray[np.uint8], scale: float, zero_point: int) -> NDArray[np.int8]:
    """Pixels → [-1, 1] → the model's int8: `round((pixel / 127.5 - 1) / scale) + zero_point`, clipped.

    Args:
        rgb: uint8 of any shape.
        scale: > 0, real units per step, from the model's input tensor.
        zero_point: -128 … 127, from there too.

    Returns:
        int8 of the same shape.

    Raises:
        ValueError: wrong dtype or impossible quantisation parameters.
    """
    if rgb.dtype != np.uint8:
        raise ValueError(f"pixels must be uint8, not {rgb.dtype}")
    return np.asarray(_quantisation_table(float(scale), int(zero_point))[rgb])


def model_input(
    rgb: NDArray[np.uint8],
    views: Sequence[View],
    size: int,
    scale: float,
    zero_point: int,
    spread: Spread = map,
) -> NDArray[np.int8]:
    """All views of one picture, ready for the model.

    All views share the halved picture, and those that differ by light, turn or flip only one crop and resize; the
    picture itself is never copied.

    Args:
        rgb: uint8[height, width, 3], only read.
        views: at least one.
        size: side of the model's input in pixels.
        scale: see `quantise`.
        zero_point: see `quantise`.
        spread: see `edge_models.reduce`.

    Returns:
        int8[len(views), size, size, 3].

    Raises:
        ValueError: as `crop_square` and `quantise`, or no views.
    """
    # every view sees what it would see alone: the largest zoom needs most pixels and comes first
    small = halved(rgb, least_side(views, size), spread)
    table = _quantisation_table(float(scale), int(zero_point))
    squares: dict[View, NDArray[np.uint8]] = {}
    works: list[Callable[[], object]] = []
    for view in sorted({_crop(view) for view in views}, key=lambda view: -view.zoom):
        small = halved(small, least_side([view], size), spread)
        squares[view] = np.empty((size, size, 3), np.uint8)
        works += _resizing(_cut(small, view), squares[view])
    run(spread, lambda number: works[number](), len(works))
    upright: dict[View, NDArray[np.int8]] = {}
    for view in {view.upright() for view in views}:
        square = squares[_crop(view)]
        levels = table[neutral_levels(square)][np.newaxis] if view.neutral else table
        upright[view] = np.asarray(cv2.LUT(square, levels), np.int8)
    batch = np.empty((len(views), size, size, 3), np.int8)
    for place, view in zip(batch, views, strict=True):
        _turn(upright[view.upright()], view, place)
    return batch


def _crop(view: View) -> View:
    """The same crop as it is in the picture."""
    return replace(view.upright(), neutral=False)


def _cut(rgb: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """The square that a view cuts from a halved picture."""
    top, left, side = view.crop_box(*rgb.shape[:2])
    return rgb[top : top + side, left : left + side]


def _resizing(square: NDArray[np.uint8], small: NDArray[np.uint8]) -> list[Callable[[], object]]:
    """What makes `small` of `square`, uint8[S, S, 3] both: pieces of work for any thread, in any order."""
    side, size = len(square), len(small)
    # INTER_AREA averages when it shrinks; when it enlarges OpenCV makes it a bilinear of its own, so say what is meant
    if side <= size:
        return [partial(cv2.resize, square, (size, size), dst=small, interpolation=cv2.INTER_LINEAR)]
    # where a band ends, a pixel of the picture and one of the result must both end
    count = max(bands for bands in range(1, BANDS + 1) if side % bands == size % bands == 0)
    return [partial(_average_band, square, small, count, band) for band in range(count)]


def _average_band(square: NDArray[np.uint8], small: NDArray[np.uint8], count: int, band: int) -> None:
    """One of `count` bands of `small`, the area mean of `square`."""
    rows, target = len(square) // count, len(small) // count
    part = square[band * rows : (band + 1) * rows].astype(np.float64)
    mean = cv2.resize(part, (len(small), target), interpolation=cv2.INTER_AREA)
    small[band * target : (band + 1) * target] = np.floor(mean + (0.5 + _AREA_TIE))


def _turn(square: NDArray[Any], view: View, turned: NDArray[Any]) -> None:
    """Fill `turned` with `square` turned and mirrored as `view` says, both of the same shape."""
    # OpenCV's turns and flips are ten times faster than copies of NumPy's views
    if view.quarter_turns and view.flip:
        cv2.flip(cv2.rotate(square, _TURNS[view.quarter_turns - 1]), 1, dst=turned)
    elif view.quarter_turns:
        cv2.rotate(square, _TURNS[view.quarter_turns - 1], dst=turned)
    elif view.flip:
        cv2.flip(square, 1, dst=turned)
    else:
        turned[...] = square


@lru_cache(maxsize=8)
def _quantisation_table(scale: float, zero_point: int) -> NDArray[np.int8]:
    """int8[256]: the model's value of every pixel value."""
    if not (math.isfinite(scale) and scale > 0.0) or not -128 <= zero_point <= 127:
        raise ValueError(f"impossible quantisation: scale {scale!r}, zero point {zero_point!r}")
    real = np.arange(256, dtype=np.float64) / 127.5 - 1.0
    # over the full range every pixel value lies midway between two levels: all are rounded up, none by float noise
    nearest = np.floor(real / scale + 0.5 + _TIE)
    table: NDArray[np.int8] = np.clip(nearest + zero_point, -128, 127).astype(np.int8)
    table.setflags(write=False)
    return table
