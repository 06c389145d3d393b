"""The one decoder of image files, for training and kiosk alike.

A picture of which data are lost is refused (`edge_models/damage.py`), one in a wider colour space is converted to sRGB
(`edge_models/colour_profile.py`). Nothing that a decoder says reaches the standard error stream; it stands in the
error, beside the file's name.
"""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge_models.colour_profile import to_srgb
from edge_models.damage import TiffErrors, UnknownCoding, lost_data
from edge_models.errors import ImageUnreadable

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
MAX_MEGAPIXELS = 50
"""Of a picture; read from its header, before memory is taken for it."""
MAX_MEGABYTES = 100
"""Of a file."""

_STRIP_ROWS = 256
_SMALLER = "Scale it down and save it again"
_COPY_AGAIN = "Copy it again from where it came from"
# EXIF 2.3, tag 0x0112: what turns the stored picture upright
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decode a file: the first picture in it, upright as its EXIF orientation says.

    Greyscale and palette become RGB; 16 bits are scaled to 8; CMYK is converted without a profile; Display P3, Adobe
    RGB and their like become sRGB; what is transparent lies on black, as the surroundings of a dermatoscope's field do.

    Args:
        path: a JPEG, PNG, BMP, TIFF or WebP file, whatever its name.

    Returns:
        uint8[height, width, 3], C-contiguous, read-only.

    Raises:
        ImageUnreadable: missing, no image, damaged, or too big.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageUnreadable(f"{path} is a folder", "Name an image file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise ImageUnreadable(f"{path} is not a file", "Name an image file")
        with path.open("rb") as file:
            _check_size(path, os.fstat(file.fileno()).st_size)
            return _decode(path, file)
    except FileNotFoundError as error:
        raise ImageUnreadable(f"{path} does not exist", "Check its name") from error
    except OSError as error:
        raise ImageUnreadable(
            f"{path} cannot be read ({error.strerror})", "Check its permissions and the disk"
        ) from error


def _check_size(path: Path, size: int) -> None:
    if size == 0:
        raise ImageUnreadable(f"{path} is empty", _COPY_AGAIN)
    if size > MAX_MEGABYTES * 1_000_000:
        raise ImageUnreadable(f"{path} has {size / 1e6:.0f} MB, at most {MAX_MEGABYTES} are read", _SMALLER)


def _decode(path: Path, file: BinaryIO) -> NDArray[np.uint8]:
    # Pillow warns of odd metadata and of big pictures: the former does no harm, the latter are refused here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=FORMATS) as image:
                _check_pixels(path, image)
                _load(path, image, file)
                return _to_rgb(image)
        except ImageUnreadable:
            raise
        except Image.DecompressionBombError as error:
            raise _too_big(path, "a huge number of pixels") from error
        except UnidentifiedImageError as error:
            known = "JPEG, PNG, BMP, TIFF or WebP"
            raise ImageUnreadable(f"{path} is not a {known} image", "Save the image as one of these") from error
        except Exception as error:  # damaged files make Pillow's decoders raise nearly anything
            detail = next(iter(str(error).splitlines()), "") or type(error).__name__
            raise ImageUnreadable(f"{path} is damaged ({detail})", _COPY_AGAIN) from error


def _load(path: Path, image: Image.Image, file: BinaryIO) -> None:
    """Decode, and refuse what Pillow decodes although data are lost."""
    with TiffErrors() as tiff:
        try:
            image.load()
        except Exception as error:
            if tiff.messages:
                raise OSError(tiff.messages[0]) from error
            raise
    try:
        lost = next(iter(tiff.messages), "") or lost_data(image, file)
    except UnknownCoding as error:
        raise ImageUnreadable(
            f"{path} has an unusual coding, which cannot be checked for lost data ({error})", "Save it again as PNG"
        ) from error
    if lost:
        raise OSError(lost)


def _check_pixels(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
        raise _too_big(path, f"{image.width} x {image.height} pixels")


def _too_big(path: Path, found: str) -> ImageUnreadable:
    return ImageUnreadable(f"{path} has {found}, at most {MAX_MEGAPIXELS} megapixels are read", _SMALLER)


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    convert = to_srgb(image)
    whole = _upright(image)
    rgb = np.empty((whole.height, whole.width, 3), np.uint8)
    # in strips, so that a conversion's steps never hold a second whole picture
    for top in range(0, whole.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, whole.height)
        strip = _strip_to_rgb(whole.crop((0, top, whole.width, bottom)), image.format)
        rgb[top:bottom] = strip if convert is None else convert(Image.fromarray(strip))
    rgb.setflags(write=False)
    return rgb


def _strip_to_rgb(strip: Image.Image, file_format: str | None) -> NDArray[np.uint8]:
    """uint8[rows, width, 3], or [rows, width, 1] where all channels are alike."""
    if strip.mode.startswith("I;16") or (strip.mode == "I" and file_format == "PNG"):
        return (np.asarray(strip) >> 8).astype(np.uint8)[:, :, np.newaxis]
    if strip.mode in ("I", "F"):
        raise ValueError("32-bit pixels without a known scale")
    if strip.has_transparency_data:
        colours = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", colours.size, (0, 0, 0, 255)), colours)
    return np.asarray(strip.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - EXIF is a small TIFF file, damaged in ways as many; the pixels are still good
        return image
    return image if turn is None else image.transpose(turn)
