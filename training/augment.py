"""What a training picture goes through: geometry, colour, sharpness, a hole. Evaluation never comes here."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import AugmentConfig

_GREY = np.array([0.299, 0.587, 0.114])


def augment(rgb: NDArray[np.uint8], size: int, config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One random training crop.

    Args:
        rgb: uint8[height, width, 3].
        size: side of the result in pixels.

    Returns:
        uint8[size, size, 3].
    """
    crop = _sharpness(_colour(_geometry(rgb, size, config, rng), config, rng), config, rng)
    return _cutout(crop, config, rng)


def _geometry(rgb: NDArray[np.uint8], size: int, config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop anywhere inside, turned by any angle, mirrored, stretched; shrunk by area as `edge_models` does."""
    height, width = rgb.shape[:2]
    side = min(height, width) * rng.uniform(*config.side)
    centre = np.array([rng.uniform(side / 2, width - side / 2), rng.uniform(side / 2, height - side / 2)])
    angle = rng.uniform(0.0, 2.0 * math.pi)
    stretch = math.exp(rng.uniform(-config.stretch, config.stretch) / 2.0)
    # warped at the picture's own resolution and shrunk after, so that the shrinking is an area average
    inner = max(size, round(side))
    scale = side / inner
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    linear = turn @ np.diag([mirror * scale * stretch, scale / stretch])
    matrix = np.column_stack([linear, centre - linear @ np.full(2, (inner - 1) / 2.0)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(rgb, matrix, (inner, inner), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    if inner > size:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def _colour(crop: NDArray[np.uint8], config: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Illuminant, brightness, contrast and saturation as one affine map of the colours."""
    gain = np.exp(rng.uniform(-config.gain, config.gain, 3) + rng.uniform(-config.brightness, config.brightness))
    saturation = 1.0 + rng.uniform(-config.saturation, config.saturation)
    contrast = 1.0 + rng.uniform(-config.contrast, config.contrast)
    matrix = saturation * np.eye(3) + (1.0 - saturation) * np.tile(_GREY, (3, 1))
    matrix = contrast * (matrix * gain[:, None])
    mean = np.array(cv2.mean(crop)[:3])
    grey = float(_GREY @ (gain * mean))
    offset = np.full((3, 1), (1.0 - contrast) * grey)
    return np.asarray(cv2.transform(crop, np.hstack([matrix, offset])), np.uint8)


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
