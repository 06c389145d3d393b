"""Damaged image files by kind: refused, or read as if nothing were missing.

Real pictures are stored in every coding that the kiosk reads, damaged as copies and cards damage them, and read. A
file that is read with other pixels than the whole one is a wrong picture.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.gate import SETS, pictures
from edge_models.errors import ImageUnreadable
from edge_models.image_file import read_rgb

CODINGS: Mapping[str, tuple[str, dict[str, object]]] = {
    "JPEG": ("JPEG", {"quality": 90}),
    "JPEG, progressive": ("JPEG", {"quality": 90, "progressive": True}),
    "JPEG, restart markers": ("JPEG", {"quality": 90, "restart_marker_rows": 1}),
    "JPEG in TIFF": ("TIFF", {"compression": "jpeg", "quality": 90}),
    "WebP": ("WEBP", {"quality": 90}),
    "WebP, lossless": ("WEBP", {"lossless": True}),
    "PNG": ("PNG", {}),
}
_SEED = 21
_HEADER = 700
"""Bytes left alone: where they are damaged no decoder finds a picture."""


def measure(data: Path, count: int) -> dict[tuple[str, str], Counter[str]]:
    """By coding and damage: how many files were "refused", read "unchanged", or read as a "wrong picture"."""
    rng = np.random.default_rng(_SEED)
    found: dict[tuple[str, str], Counter[str]] = {}
    paths = pictures(data, next(iter(SETS.values())), count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture"
        for path in paths:
            for coding, (file_format, options) in CODINGS.items():
                buffer = io.BytesIO()
                with Image.open(path) as image:
                    image.save(buffer, file_format, **options)
                file.write_bytes(buffer.getvalue())
                whole = read_rgb(file)
                for damage, content in damaged(buffer.getvalue(), rng):
                    file.write_bytes(content)
                    found.setdefault((coding, damage), Counter())[_outcome(file, whole)] += 1
    return found


def damaged(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """A file's content damaged in several ways, each with its name; the last ones are not damaged at all."""
    for share in range(20, 100, 5):
        at = len(content) * share // 100
        yield "cut off", content[:at]
        yield "cut off, rest zeros", content[:at] + bytes(len(content) - at)
        if content.startswith(b"\xff\xd8"):
            yield "cut off, closed", content[:at] + b"\xff\xd9"
    for length in (16, 512, 2000):
        for _ in range(4):
            at = int(rng.integers(_HEADER, len(content) - length))
            yield f"{length} bytes missing", content[:at] + content[at + length :]
            yield f"{length} bytes zero", content[:at] + bytes(length) + content[at + length :]
            yield f"{length} bytes random", content[:at] + rng.bytes(length) + content[at + length :]
    for _ in range(8):
        at = int(rng.integers(_HEADER, len(content)))
        yield "one bit", content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
    yield "whole", content
    yield "whole, more behind", content + rng.bytes(3000)


def table(found: Mapping[tuple[str, str], Counter[str]]) -> str:
    """Text: a row a damage, a column a coding: wrong pictures of all."""
    codings = list(dict.fromkeys(coding for coding, _ in found))
    lines = ["wrong pictures read without a word, of all files (refused otherwise; whole ones: unchanged of all)"]
    lines.append(f"{'':22}" + "".join(f"{coding:>23}" for coding in codings))
    for damage in dict.fromkeys(damage for _, damage in found):
        wanted = "unchanged" if damage.startswith("whole") else "wrong picture"
        cells = [found.get((coding, damage)) for coding in codings]
        shown = "".join(f"{f'{cell[wanted]} of {cell.total()}' if cell else '':>23}" for cell in cells)
        lines.append(f"{damage:22}{shown}")
    return "\n".join(lines)


def _outcome(file: Path, whole: NDArray[np.uint8]) -> str:
    try:
        return "unchanged" if np.array_equal(read_rgb(file), whole) else "wrong picture"
    except ImageUnreadable:
        return "refused"
