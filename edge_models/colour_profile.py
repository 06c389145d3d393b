"""Embedded colour profiles (ICC.1): what was stored in a wider colour space becomes sRGB, which the networks know.

Telephones store Display P3, cameras Adobe RGB. Read as if they were sRGB such pictures look paler than they are, and a
class now and then changes with it. Profiles made of three primaries and tone curves are converted, by Little CMS
through Pillow; greyscale, CMYK and table profiles are left aside, as are damaged ones and what is sRGB anyway.

Little CMS converts 8 bits by integers of 1.14 bits, made once from double precision: the same on x86-64 and arm64. No
picture of HAM10000, ISIC 2017, ISIC 2018 or MILK10k has a profile.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_COLOURS = frozenset({"RGB", "RGBA", "RGBX", "P", "PA"})
"""Modes whose pixels are red, green and blue."""
_SRGB_TOLERANCE = 3
"""In levels: what a profile changes less is sRGB under one of its many names, its curve rounded another way."""
_MAX_PROFILE_BYTES = 4_000_000


def to_srgb(image: Image.Image) -> Callable[[Image.Image], Image.Image] | None:
    """What converts parts of an opened image, in mode RGB, to sRGB; None where nothing is to be done."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or image.mode not in _COLOURS or len(profile) > _MAX_PROFILE_BYTES:
        return None
    return _conversion(profile)


@lru_cache(maxsize=8)
def _conversion(profile: bytes) -> Callable[[Image.Image], Image.Image] | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB" or not source.profile.is_matrix_shaper:
            return None
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
        seen = _probe()
        changed = np.asarray(transform.apply(seen), np.int16) - np.asarray(seen, np.int16)
    except Exception:  # noqa: BLE001 - a profile may be damaged in any way; the pixels are still good
        return None
    return None if np.abs(changed).max() <= _SRGB_TOLERANCE else transform.apply


def _probe() -> Image.Image:
    """Colours all over the cube, 9 levels of each channel."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    return Image.fromarray(np.ascontiguousarray(cube))
