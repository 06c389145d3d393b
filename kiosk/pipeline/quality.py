"""The quality gate: is this picture good enough to be classified, and if not, what should the operator change?

Pure functions on arrays. All measures are taken on what the model sees: the central square of the picture, or the
square within a round field of view (`edge_models/field.py`). It is reduced to `SIDE_PX` so that they do not depend on
the number of megapixels, and judged within the disc inscribed in it, so that a dermatoscope's dark rim or ruler marks
in a corner do not count. `MEASURES` explains each of them. The thresholds are set on the training part of HAM10000,
whose pictures experts found fit for use; `python -m benchmarks gate` counts what they do elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.field import Window, find_window, seen
from edge_models.reduce import check_picture, shrunk
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.pipeline.focus import disc, focus

SIDE_PX = 256
"""Side of the reduced square; near the 224 px that the model gets, so blur that it would not see is no fault."""
LEAST_SIDE_PX = 2 * SIDE_PX
"""A picture that `edge_models.reduce.halved` to no less than this is judged as the picture itself."""

MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "brightness": "0 … 255: 90th percentile over the disc of the brightest channel: the skin around a dark lesion",
        "clipped_fraction": "0 … 1: share of the disc where any channel is clipped (≥ 254), its colour lost",
        "white_fraction": "0 … 1: share of the disc where all channels are near white (≥ 245) over 3 px and more: a "
        "specular reflection, but no letter's stroke",
        "relief_rms": "CIELAB units: RMS colour difference of 1/32 squares from a smooth quadratic fall-off of light",
        "relief_peak": "CIELAB units: 99.5th percentile of the same difference",
        "sharpness": "√(grey levels): finest detail (0.6 … 1.2 px) along the direction that has least of it, over "
        "√(contrast of coarse structure, 2.4 … 4.8 px): a band-pass relative of the variance of the Laplacian "
        "(Pertuz, Puig, Garcia 2013, doi:10.1016/j.patcog.2012.11.011), made to tolerate pale lesions",
        "skin_sharpness": "√(grey levels): the same where no ruler's, letter's or hair's stroke is: where "
        "no tile of 4 px, nor one beside it, has more than 12 times the energy of finest detail of a quarter of all",
        "anisotropy": "≥ 1: how much more detail there is across the direction of least detail than along it, "
        "where no stroke is "
        "(structure tensor, Bigün and Granlund 1987); motion smears one direction only",
        "shift": "0 … 1: movement since the previous preview picture, in sides of the square (phase correlation, "
        "Kuglin and Hines 1975)",
    }
)

MIN_BRIGHTNESS = 120.0
"""Two stops below HAM10000's median. Not higher: brown skin, rightly exposed, must not be refused for its colour."""
MAX_CLIPPED_FRACTION = 0.25
MAX_WHITE_FRACTION = 0.01
MIN_RELIEF_RMS = 2.6
MIN_RELIEF_PEAK = 8.5
"""A small mole hardly changes the RMS but stands out as a peak: nothing is in view when both are low."""
MIN_SHARPNESS = 0.54
MIN_SKIN_SHARPNESS = 0.35
"""Below it lesion and skin are out of focus, whatever lies over them."""
SKIN_IN_FOCUS = 0.48
"""From here lesion and skin are in focus, and low `sharpness` only means that there is little detail on them."""
MIN_MOTION_ANISOTROPY = 1.45
"""An unsharp picture is called moved rather than out of focus from here."""
MAX_SHIFT = 0.03
"""Between pictures an eighth of a second apart it would smear some 2 px of the 256 in an exposure of 1/30 s."""

_SMALL_PICTURE_PX = 450
_LEAST_FIELD_PX = 64
_RELIEF_SIDE = 32
_SHIFT_SIDE = 64
# rows X, Y, Z of linear sRGB, each divided by the white point's
_RGB_TO_XYZ = np.array([[0.433953, 0.376219, 0.189828], [0.212671, 0.715160, 0.072169], [0.017758, 0.109477, 0.872766]])
_WHITE = 245
_CLIPPED = 254
_THICK = np.ones((3, 3), np.uint8)


def check(rgb: NDArray[np.uint8]) -> QualityReport:
    """Judge one picture at full resolution.

    Args:
        rgb: uint8[height, width, 3], only read.

    Raises:
        ValueError: not such an array.
    """
    window = find_window(rgb)
    return judge(seen(rgb, window), window, min(rgb.shape[:2]))


def judge(rgb: NDArray[np.uint8], window: Window | None, shorter_side_px: int) -> QualityReport:
    """Judge what is in view of a picture, found and perhaps halved before.

    Args:
        rgb: uint8[height, width, 3], only read: the picture, or what `window` shows of it, no smaller than
            `LEAST_SIDE_PX` where it was halved.
        window: which part of the picture this is; None for the whole.
        shorter_side_px: of the whole picture, as it was taken.

    Raises:
        ValueError: not such an array.
    """
    measures = _measure(_square(rgb, window, shorter_side_px), window)
    return QualityReport(_reasons(measures), measures, window)


def check_preview(rgb: NDArray[np.uint8], previous_rgb: NDArray[np.uint8] | None) -> QualityReport:
    """Judge one preview picture; cheap enough for several a second on a Raspberry Pi.

    Args:
        rgb: uint8[height, width, 3], only read.
        previous_rgb: the preview picture before it, of the same size; None for the first. With it the report has the
            measure `shift`, and movement between the two is a reason too.

    Raises:
        ValueError: not such arrays.
    """
    window = find_window(rgb)
    measures = _measure(_square(seen(rgb, window), window, min(rgb.shape[:2])), window)
    reasons = _reasons(measures)
    if previous_rgb is not None and previous_rgb.shape == rgb.shape:
        # in the same window: a field's rim stays where it is, whatever moves behind it
        measures["shift"] = _shift(*(_thumbnail(seen(each, window)) for each in (previous_rgb, rgb)))
        blind = {Reason.NOTHING_IN_VIEW, Reason.TOO_DARK, Reason.TOO_BRIGHT} & set(reasons)
        if measures["shift"] > MAX_SHIFT and not blind and Reason.MOTION not in reasons:
            reasons = (*reasons, Reason.MOTION)
    return QualityReport(reasons, measures, window)


def _reasons(measures: Mapping[str, float]) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if measures["brightness"] < MIN_BRIGHTNESS:
        reasons.append(Reason.TOO_DARK)
    if measures["clipped_fraction"] > MAX_CLIPPED_FRACTION:
        reasons.append(Reason.TOO_BRIGHT)
    elif measures["white_fraction"] > MAX_WHITE_FRACTION:
        reasons.append(Reason.GLARE)
    if measures["relief_rms"] < MIN_RELIEF_RMS and measures["relief_peak"] < MIN_RELIEF_PEAK:
        reasons.append(Reason.NOTHING_IN_VIEW)
    # without light or anything to focus on, focus cannot be judged
    skin = measures["skin_sharpness"]
    unsharp = skin < MIN_SKIN_SHARPNESS or (skin < SKIN_IN_FOCUS and measures["sharpness"] < MIN_SHARPNESS)
    if unsharp and not set(reasons) - {Reason.GLARE}:
        moved = measures["anisotropy"] >= MIN_MOTION_ANISOTROPY
        reasons.append(Reason.MOTION if moved else Reason.OUT_OF_FOCUS)
    return tuple(reasons)


def _measure(square: NDArray[np.uint8], window: Window | None) -> dict[str, float]:
    """All measures of a reduced square uint8[side, side, 3]."""
    red, green, blue = (np.asarray(channel, np.uint8) for channel in cv2.split(square))
    # light is measured up to the corners of a field's square: there the skin is that a lesion leaves free
    inside = disc(len(square)) if window is None else np.full(square.shape[:2], 255, np.uint8)
    brightest = _histogram(np.maximum(np.maximum(red, green), blue), inside)
    white = np.where(np.minimum(np.minimum(red, green), blue) >= _WHITE, 255, 0).astype(np.uint8)
    # letters and strokes are white too, but thinner than a reflex of the lamp
    white = np.asarray(cv2.morphologyEx(white, cv2.MORPH_OPEN, _THICK), np.uint8)
    rms, peak = _relief(square)
    focused = focus(np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.uint8))
    return {
        "brightness": float(np.searchsorted(np.cumsum(brightest), 0.9)),
        "clipped_fraction": float(brightest[_CLIPPED:].sum()),
        "white_fraction": cv2.mean(white, mask=inside)[0] / 255,
        "relief_rms": rms,
        "relief_peak": peak,
        **focused._asdict(),
    }


def _square(rgb: NDArray[np.uint8], window: Window | None, shorter_side_px: int) -> NDArray[np.uint8]:
    """The reduced square uint8[side, side, 3] that is measured."""
    central = _central_square(rgb)
    side = SIDE_PX
    if window is not None:
        # a field in a small picture is judged at that picture's scale: enlarged further, nothing in it would be sharp
        scaled = len(central) * SIDE_PX // min(shorter_side_px, _SMALL_PICTURE_PX)
        side = min(side, max(_LEAST_FIELD_PX, scaled // 8 * 8))
    return shrunk(central, side, side)


def _central_square(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    check_picture(rgb)
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def _resized(square: NDArray[np.uint8], side: int, method: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(square, (side, side), interpolation=method), np.uint8)


def _histogram(channel: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shares float32[256] of the pixel values within the mask."""
    counts = cv2.calcHist([channel], [0], mask, [256], [0, 256])[:, 0]
    return np.asarray(counts / counts.sum(), np.float32)


def _relief(square: NDArray[np.uint8]) -> tuple[float, float]:
    """RMS and peak of what is left of the colours when a smooth fall-off of light is taken out, in CIELAB units."""
    small = _resized(square, _RELIEF_SIDE, cv2.INTER_AREA)
    lab = _lab(small[disc(_RELIEF_SIDE) > 0])
    basis, inverse = _falloff_fit()
    difference = np.sqrt(((lab - basis @ (inverse @ lab)) ** 2).sum(axis=1))
    return float(np.sqrt(np.mean(difference**2))), float(np.percentile(difference, 99.5))


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From sRGB uint8[pixels, 3] to CIELAB float32[pixels, 3] (IEC 61966-2-1, white D65).

    OpenCV's own spends a third of a second on tables when it is first used, which would be with the first patient.
    """
    coded = rgb.astype(np.float32) / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _RGB_TO_XYZ.T
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29).T
    return np.asarray(np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1), np.float32)


def _thumbnail(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Green of the central square, float32[_SHIFT_SIDE, _SHIFT_SIDE]."""
    square = _resized(_central_square(rgb), 2 * _SHIFT_SIDE, cv2.INTER_LINEAR)
    return _resized(np.asarray(cv2.extractChannel(square, 1), np.uint8), _SHIFT_SIDE, cv2.INTER_AREA).astype(np.float32)


def _shift(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """How far the picture moved between two thumbnails, in sides of the square."""
    (dx, dy), _ = cv2.phaseCorrelate(before, after, _hanning())
    return float(min(np.hypot(dx, dy) / _SHIFT_SIDE, 1.0))


@cache
def _falloff_fit() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Quadratic surfaces over the disc, float32[pixels, 6], and the matrix that fits them, float32[6, pixels]."""
    y, x = (np.mgrid[:_RELIEF_SIDE, :_RELIEF_SIDE] - (_RELIEF_SIDE - 1) / 2) / (_RELIEF_SIDE / 2)
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)[disc(_RELIEF_SIDE) > 0]
    return basis.astype(np.float32), np.linalg.pinv(basis).astype(np.float32)


@cache
def _hanning() -> NDArray[np.float32]:
    return np.asarray(cv2.createHanningWindow((_SHIFT_SIDE, _SHIFT_SIDE), cv2.CV_32F), np.float32)
