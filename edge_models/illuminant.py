"""Illuminant correction: the colour of the light on a picture, and the picture as it would be in neutral light.

Dermatoscopes light the skin each in a colour of its own. Estimated from the picture and taken out, it costs a network
little (`training/README.md`, Sizes and light).

The estimate is the same to the bit on x86-64 and arm64: counts are added up exactly, and the gains are rounded far
above what two mathematics libraries differ in.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

_ORDER = 6
_POWERS = (np.arange(256) / 255.0) ** _ORDER
_LEAST = 1e-3
"""Of a channel's illuminant, so that a channel without light has a gain at all."""
_GAIN_STEPS = 4096.0


def neutral_gain(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What turns the illuminant that a picture suggests into a neutral one of the same strength.

    Shades of grey: the illuminant's colour is the Minkowski mean of the pixels, of order 6 (Finlayson, Trezzi 2004).

    Args:
        rgb: uint8[height, width, 3] with at least one pixel.

    Returns:
        float64[3] > 0, in steps of 1/4096; 1 each for a picture in shades of grey.
    """
    pixels = rgb.shape[0] * rgb.shape[1]
    counts = (cv2.calcHist([rgb], [channel], None, [256], [0.0, 256.0])[:, 0] for channel in range(3))
    means = [math.fsum((count * _POWERS).tolist()) / pixels for count in counts]
    illuminant = np.array([mean ** (1.0 / _ORDER) + _LEAST for mean in means])
    gain = np.sqrt(np.mean(illuminant**2)) / illuminant
    return np.asarray(np.floor(gain * _GAIN_STEPS + 0.5) / _GAIN_STEPS)


def neutral_levels(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What every pixel value of a picture becomes in neutral light, uint8[256, 3]; brighter than white stays white."""
    lit = np.arange(256.0)[:, np.newaxis] * neutral_gain(rgb)
    return np.asarray(np.clip(np.floor(lit + 0.5), 0, 255), np.uint8)
