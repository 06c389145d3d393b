"""What a picture's name says: which pictures are read, which are not, and the id that a table knows a picture by."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".webp"})
"""Endings, in lower case, of the pictures that are taken from a folder; `edge_models.image_file` reads them."""

UNREAD_SUFFIXES: Mapping[str, str] = {
    **dict.fromkeys((".heic", ".heif", ".hif", ".heics", ".heifs"), "HEIC"),
    **dict.fromkeys((".avif", ".avifs"), "AVIF"),
    **dict.fromkeys((".dcm", ".dicom", ".dic"), "DICOM"),
    **dict.fromkeys((".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".jpm", ".jph", ".jhc"), "JPEG 2000"),
    **dict.fromkeys(
        (
            ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".gpr", ".iiq", ".kdc", ".mef", ".mos",
            ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
        ),
        "camera raw",
    ),
    **dict.fromkeys((".jxl",), "JPEG XL"),
    **dict.fromkeys((".jxr", ".wdp", ".hdp"), "JPEG XR"),
    **dict.fromkeys((".gif",), "GIF"),
    **dict.fromkeys((".pbm", ".pgm", ".pnm", ".ppm"), "PNM"),
    **dict.fromkeys((".psd", ".psb"), "Photoshop"),
    **dict.fromkeys((".tga",), "TGA"),
}  # fmt: skip
"""Endings, in lower case, of pictures that are not read → the format's name."""

_FIRST_BYTES = (
    (128, b"DICM", "DICOM"),  # PS3.10, 7.1: a preamble of 128 bytes comes first
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),  # ISO/IEC 15444-1, I.5.1: the signature box
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),  # ISO/IEC 15444-1, A.4: a bare codestream
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    *((4, b"ftyp" + brand, "HEIC") for brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1")),
)
FIRST_BYTES = 132
"""How much of a file `unread_format` needs."""


def unread_format(name: str, first: bytes) -> str | None:
    """Which format a picture is of that is not read; None for anything else.

    Args:
        name: the file's. DICOM files often have no ending.
        first: the first `FIRST_BYTES` bytes of the file, or as many as there are.
    """
    known = UNREAD_SUFFIXES.get(PurePosixPath(name).suffix.lower())
    return known or next((kind for at, mark, kind in _FIRST_BYTES if first.startswith(mark, at)), None)


def image_id(text: str) -> str:
    r"""The id of a picture that a table or a file names: "ISIC_1.JPG" is ISIC_1, "left\ISIC_1.png" is left/ISIC_1.

    A picture's ending is taken off; any other stays. What looks alike is the same (Unicode NFC). Case counts, as
    it does in file names.
    """
    plain = unicodedata.normalize("NFC", text).strip().replace("\\", "/").removeprefix("./")
    suffix = PurePosixPath(plain).suffix
    return plain[: -len(suffix)] if suffix.lower() in SUFFIXES | UNREAD_SUFFIXES.keys() else plain
