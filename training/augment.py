"""What a training picture goes through: geometry, hairs, colour, sharpness, a hole. Evaluation never comes here.

The optimiser needs the same cores, so each step is one pass of OpenCV over as few pixels as will do: half a millisecond
a picture at 192 px.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.illuminant import neutral_gain
from edge_models.reduce import halved
from training.config import AugmentConfig
from training.tones import toned

_GREY = np.array([0.299, 0.587, 0.114])
_SMOOTH_FROM = 1.8
"""Pixels read per pixel made, from which bilinear reading alone is farther from an area mean than smoothing first."""
_HAIRS = (2, 10)
_HAIR_SIDE_PX = 224.0
"""Side of the crop that the thickness of hairs is meant for."""


def augment(
    rgb: NDArray[np.uint8],
    size: int,
    config: AugmentConfig,
    rng: np.random.Generator,
    tone: NDArray[np.float32] | None = None,
) -> NDArray[np.uint8]:
    """One random training crop.

    Args:
        rgb: uint8[height, width, 3].
        size: side of the result in pixels.
        config: how far and how often a crop is changed.
        rng: decides everything.
        tone: float32[3, 4], from the colours of the picture's source to another's (`training.tones`).

    Returns:
        uint8[size, size, 3].
    """
    crop = _geometry(rgb, size, config, rng)
    if config.tone_probability and rng.random() < config.tone_probability and tone is not None:
        crop = toned(crop, tone, rng.uniform(0.2, 1.0))
    if rng.random() < config.hair_probability:
        crop = _hairs(crop, rng)
    if config.ruler_probability and rng.random() < config.ruler_probability:
        crop = ruled(crop, rng)
    return _cutout(_sharpness(_colour(crop, config, rng), config, rng), config, rng)


def _geometry(rgb: NDArray[np.uint8], size: int, config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop anywhere inside, turned by any angle, mirrored, stretched; close to the area means of `edge_models`.

    Read in one pass from a picture smoothed where the crop is much larger than the result: measured against exact area
    means on HAM10000 (root mean square), 0.5–0.7 levels, where a crop in full size, shrunk after, was 0.7–0.9 away.
    """
    rgb = halved(rgb, 2 * size)
    height, width = rgb.shape[:2]
    side = min(height, width) * rng.uniform(*config.side)
    centre = np.array([rng.uniform(side / 2, width - side / 2), rng.uniform(side / 2, height - side / 2)])
    angle = rng.uniform(0.0, 2.0 * math.pi)
    stretch = math.exp(rng.uniform(-config.stretch, config.stretch) / 2.0)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    scale = side / size
    if scale > _SMOOTH_FROM:  # with the bilinear's own, the variance of a mean over `scale` pixels
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), math.sqrt(scale * scale / 12.0 - 0.04)), np.uint8)
    cosine, sine = math.cos(angle), math.sin(angle)
    across, down = mirror * scale * stretch, scale / stretch
    linear = np.array([[cosine * across, -sine * down], [sine * across, cosine * down]])
    matrix = np.column_stack([linear, centre - linear.sum(axis=1) * ((size - 1) / 2.0)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgb, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101))


def _hairs(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Some thin quadratic Bézier curves of one dark, seldom light, colour, a little transparent."""
    size = crop.shape[0]
    count = int(rng.integers(*_HAIRS, endpoint=True))
    points = rng.uniform(-0.2 * size, 1.2 * size, (count, 3, 2))
    points[:, 1] = points[:, ::2].mean(axis=1) + rng.normal(0.0, 0.15 * size, (count, 2))  # bent, not looped
    share = np.linspace(0.0, 1.0, 12)
    bernstein = np.stack([(1.0 - share) ** 2, 2.0 * share * (1.0 - share), share**2], axis=1)
    curves = np.rint(bernstein @ points * 16).astype(np.int32)  # in sixteenths of a pixel
    shade = rng.uniform(10, 80) if rng.random() < 0.85 else rng.uniform(170, 240)
    drawn = crop.copy()
    for curve, thin in zip(curves, rng.random(count), strict=True):
        width = max(1, round((1.0 + 2.0 * thin * thin) * size / _HAIR_SIDE_PX))
        colour = (shade, 0.9 * shade, 0.8 * shade)
        cv2.polylines(drawn, [curve], isClosed=False, color=colour, thickness=width, lineType=cv2.LINE_AA, shift=4)
    opacity = rng.uniform(0.6, 0.95)
    return np.asarray(cv2.addWeighted(drawn, opacity, crop, 1.0 - opacity, 0.0), np.uint8)


def ruled(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A ruler's ticks along a line near one side, every fifth longer, dark or seldom light: uint8[size, size, 3]."""
    size = crop.shape[0]
    step = rng.uniform(0.02, 0.08) * size
    angle = rng.choice(4) * math.pi / 2.0 + rng.normal(0.0, 0.15)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    start = np.full(2, size / 2.0) - across * rng.uniform(0.28, 0.48) * size
    places = np.arange(-math.ceil(size / step), math.ceil(size / step) + 1)
    lengths = np.where(places % 5 == 0, 2.0, 1.0) * rng.uniform(0.015, 0.05) * size
    first = start + places[:, np.newaxis] * step * along
    ticks = np.stack([first, first + lengths[:, np.newaxis] * across], axis=1)
    shade = rng.uniform(0, 70) if rng.random() < 0.8 else rng.uniform(190, 250)
    drawn = crop.copy()
    width = max(1, round(float(rng.uniform(0.6, 2.2)) * size / _HAIR_SIDE_PX))
    lines = list(np.rint(ticks * 16).astype(np.int32))
    cv2.polylines(drawn, lines, isClosed=False, color=(shade,) * 3, thickness=width, lineType=cv2.LINE_AA, shift=4)
    opacity = rng.uniform(0.5, 0.95)
    return np.asarray(cv2.addWeighted(drawn, opacity, crop, 1.0 - opacity, 0.0), np.uint8)


def _colour(crop: NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Illuminant, brightness, contrast and saturation as one affine map of the colours."""
    gain = np.exp(rng.uniform(-config.gain, config.gain, 3) + rng.uniform(-config.brightness, config.brightness))
    saturation = 1.0 + rng.uniform(-config.saturation, config.saturation)
    contrast = 1.0 + rng.uniform(-config.contrast, config.contrast)
    if rng.random() < config.constancy_probability:
        gain *= neutral_gain(crop)
    matrix = contrast * (saturation * np.eye(3) + (1.0 - saturation) * _GREY) * gain[:, None]
    grey = float(_GREY @ (gain * cv2.mean(crop)[:3]))
    return np.asarray(cv2.transform(crop, np.column_stack([matrix, np.full(3, (1.0 - contrast) * grey)])), np.uint8)


def _sharpness(crop: NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    chance = rng.random()
    if chance < config.blur_probability:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 1.2)), np.uint8)
    if chance < config.blur_probability + config.sharpen_probability:
        amount = rng.uniform(0.2, 0.8)
        soft = cv2.GaussianBlur(crop, (0, 0), 1.5)
        return np.asarray(cv2.addWeighted(crop, 1.0 + amount, soft, -amount, 0.0), np.uint8)
    return crop


def _cutout(crop: NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A rectangle of up to a third of each side in the mean colour (DeVries, Taylor 2017, arXiv:1708.04552)."""
    if rng.random() >= config.cutout_probability:
        return crop
    size = crop.shape[0]
    high, wide = (int(value) for value in rng.integers(size // 8, size // 3 + 1, 2))
    top, left = int(rng.integers(0, size - high + 1)), int(rng.integers(0, size - wide + 1))
    holed = crop.copy()
    holed[top : top + high, left : left + wide] = np.array(cv2.mean(crop)[:3]).astype(np.uint8)
    return holed
