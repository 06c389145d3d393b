"""What a decoder says is lost of a picture that it decoded all the same.

Decoders go on where data are missing and fill the rest with grey or with what they saw last: such a picture looks like
one and is none. Pillow keeps their warnings to itself, so the file is judged once more:

- JPEG (also a camera's Motion JPEG, and what stands in a TIFF) by libjpeg-turbo through simplejpeg, whose strict mode
  turns every warning into an error. At an eighth of the size that costs little more than reading the entropy code.
- TIFF by the errors that libtiff reports besides; its handler is replaced, so that they reach no standard error stream.
- WebP: libwebp fails where bytes are missing; that a copy broke off and the rest was left zero it does not notice.

PNG has checksums, which Pillow verifies. No decoder notices a changed byte that leaves a valid code of the same length.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from typing import BinaryIO, Self

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, _imaging

_EOI = b"\xff\xd9"
_SOI = b"\xff\xd8"
_PADDING_BYTES = 16
"""Up to so many zero bytes before the end are the padding that some cameras write."""
_SURPLUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_RESTARTS = frozenset(range(0xD0, 0xD8))
_ZEROS = 32
"""No entropy code ends in so many zero bytes."""
# TIFF 6.0 and its Technical Note 2
_COMPRESSION, _STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES, _JPEG_TABLES = 259, 273, 279, 324, 325, 347
_TIFF_JPEG = 7


class UnknownCoding(ValueError):
    """The judge cannot decode this at all; that says nothing of damage."""


def lost_jpeg_data(jpeg: bytes) -> str:
    """What libjpeg-turbo says is lost of a JPEG, in its words; empty where nothing is.

    What follows the end of the image does not count, nor does a little padding before it.

    Raises:
        UnknownCoding: libjpeg-turbo's own interface reads no JPEG of that kind.
    """
    warning = ""
    for colours in ("GRAY", "CMYK"):  # CMYK is not made grey
        try:
            simplejpeg.decode_jpeg(jpeg, colours, min_height=1, min_width=1)
        except ValueError as error:
            warning = str(error)
        else:
            return ""
        try:
            simplejpeg.decode_jpeg(jpeg, colours, min_height=1, min_width=1, strict=False)
        except ValueError:
            continue
        return "" if _is_padding(warning, jpeg) else warning
    raise UnknownCoding(warning)


def decode_jpeg(jpeg: bytes) -> NDArray[np.uint8]:
    """Decode a camera's JPEG, the pixels as Pillow and OpenCV give them.

    Returns:
        uint8[height, width, 3], red first.

    Raises:
        ValueError: no JPEG, or data are lost.
    """
    try:
        rgb = simplejpeg.decode_jpeg(jpeg, "RGB")
    except ValueError as error:
        if not _is_padding(str(error), jpeg):
            raise
        rgb = simplejpeg.decode_jpeg(jpeg, "RGB", strict=False)
    return np.asarray(rgb, np.uint8)


def lost_data(image: Image.Image, file: BinaryIO) -> str:
    """What is lost of the first picture of a file that Pillow decoded; empty where nothing is.

    Args:
        image: the file, opened and loaded.
        file: the same file; its position is left anywhere.

    Raises:
        UnknownCoding: see `lost_jpeg_data`.
    """
    match image.format:
        case "JPEG" | "MPO":
            file.seek(0)
            return lost_jpeg_data(file.read())
        case "TIFF":
            return next((lost for jpeg in _tiff_jpegs(image, file) if (lost := lost_jpeg_data(jpeg))), "")
        case "WEBP":
            return _lost_webp_data(file)
    return ""


def _is_padding(warning: str, jpeg: bytes) -> bool:
    """Whether a warning is only of a few zeros between the last code and the end of the image."""
    surplus = _SURPLUS.search(warning)
    if surplus is None:
        return False
    before_end = jpeg[: _end_of_image(jpeg)]
    zeros = len(before_end) - len(before_end.rstrip(b"\0"))
    return int(surplus[1]) <= zeros <= _PADDING_BYTES  # more of them stand for lost codes


def _end_of_image(jpeg: bytes) -> int:
    """Where the marker stands that ends the image (ITU-T T.81, B.1); not one within a segment, nor in what follows."""
    at = jpeg.find(b"\xff", 2)
    while 0 <= at < len(jpeg) - 3:
        marker = jpeg[at + 1]
        if marker == _EOI[1]:
            return at
        if marker in (0x00, 0xFF) or marker in _RESTARTS:
            after = at + (1 if marker == 0xFF else 2)
        else:
            after = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        at = jpeg.find(b"\xff", after)
    return len(jpeg.removesuffix(_EOI))


def _tiff_jpegs(image: Image.Image, file: BinaryIO) -> Iterator[bytes]:
    """Every strip or tile of a TIFF compressed as JPEG, its shared tables put in front: a JPEG by itself."""
    tags = getattr(image, "tag_v2", {})
    if tags.get(_COMPRESSION) != _TIFF_JPEG:
        return
    tables = bytes(tags.get(_JPEG_TABLES, b""))
    offsets = tags.get(_STRIP_OFFSETS) or tags.get(_TILE_OFFSETS) or ()
    lengths = tags.get(_STRIP_BYTES) or tags.get(_TILE_BYTES) or ()
    for offset, length in zip(offsets, lengths, strict=True):
        file.seek(offset)
        jpeg = file.read(length)
        yield tables.removesuffix(_EOI) + jpeg.removeprefix(_SOI) if tables else jpeg


def _lost_webp_data(file: BinaryIO) -> str:
    """Whether the entropy code of the (first) picture ends in zeros: RIFF chunks VP8, VP8L, or within ANMF."""
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, length = header[:4], int.from_bytes(header[4:], "little")
        if name == b"ANMF":
            file.seek(16, 1)  # where the frame stands; its own chunks follow
        elif name in (b"VP8 ", b"VP8L"):
            return "its data end in zeros" if file.read(length).endswith(bytes(_ZEROS)) else ""
        else:
            file.seek(length + length % 2, 1)
    return ""


class TiffErrors:
    """Counts what libtiff reports as an error in this thread while the block runs, instead of printing it.

    libtiff prints to the standard error stream of the process, and Pillow lets it. Its handler is one for the whole
    process; ours keeps what it hears apart by thread.
    """

    _heard = threading.local()

    def __init__(self) -> None:
        self.messages: list[str] = []

    def __enter__(self) -> Self:
        TiffErrors._heard.messages = self.messages
        return self

    def __exit__(self, *error: object) -> None:
        TiffErrors._heard.messages = None

    @classmethod
    def hear(cls, _module: bytes | None, template: bytes | None, _values: int | None) -> None:
        """A TIFFErrorHandler(module, format, va_list); the values, which only libc can format, are left out."""
        messages = getattr(cls._heard, "messages", None)
        if messages is not None:
            words = (template or b"").decode(errors="replace")
            messages.append(re.sub(r"%[-+ 0-9.*]*[a-zA-Z]*", "…", words))


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)(TiffErrors.hear)
"""Kept: libtiff calls it as long as the process lives."""


def _listen_to_libtiff() -> None:
    try:
        # a look-up through Pillow's own module finds the libtiff that it is linked with, whatever its file is called
        install = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # linked in, its names hidden: the noise stays, the picture is read as before
        return
    install.restype = ctypes.c_void_p
    install(_HANDLER)


_listen_to_libtiff()
