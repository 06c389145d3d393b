"""Display P3 and Adobe RGB become sRGB; against the standards' own equations, worked out here in double precision."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from edge_models.image_file import read_rgb

# the colours of the primaries, relative to D65: IEC 61966-2-1, SMPTE EG 432-1 (Display P3), Adobe RGB (1998), 4.3.1.1
PRIMARIES = {
    "sRGB": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "P3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "Adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
D65, D50 = np.array([0.95047, 1.0, 1.08883]), np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
ADOBE_GAMMA = 563 / 256
COLOURS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def to_xyz(name: str) -> NDArray[np.float64]:
    """Linear RGB → XYZ under D65."""
    x, y = np.array(PRIMARIES[name]).T
    columns = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    return np.asarray(columns * np.linalg.solve(columns, D65))


def linear(coded: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if name == "Adobe":
        return np.asarray(coded**ADOBE_GAMMA)
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def expected_srgb(rgb: NDArray[np.uint8], name: str) -> NDArray[np.float64]:
    light = linear(rgb / 255.0, name) @ (np.linalg.inv(to_xyz("sRGB")) @ to_xyz(name)).T
    light = np.clip(light, 0.0, 1.0)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255)


def profile(name: str) -> bytes:
    """A display profile of three primaries and a tone curve, by hand (ICC.1:2010, 7 to 10)."""
    cone = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ D50) / (BRADFORD @ D65)) @ BRADFORD
    columns = (cone @ to_xyz(name)).T

    def fixed(values: NDArray[np.float64]) -> bytes:
        return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    if name == "Adobe":
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(ADOBE_GAMMA * 256)) + bytes(2)
    else:
        values = np.array([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + fixed(values)
    words = f"{name} by hand".encode()
    description = b"desc" + bytes(4) + struct.pack(">I", len(words) + 1) + words + bytes(80)
    tags = [(b"desc", description + bytes(-len(description) % 4)), (b"wtpt", b"XYZ " + bytes(4) + fixed(D50))]
    tags += [
        (key, b"XYZ " + bytes(4) + fixed(column))
        for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    ]
    tags += [(key, curve) for key in (b"rTRC", b"gTRC", b"bTRC")]
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for key, content in tags:
        table += key + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12)
    head += b"acsp" + bytes(28) + fixed(D50) + bytes(48)
    return head + table + body


def stored(path: Path, content: bytes | None, mode: str = "RGB") -> NDArray[np.uint8]:
    Image.fromarray(COLOURS).convert(mode).save(path, icc_profile=content)
    return read_rgb(path)


@pytest.mark.parametrize("name", ["P3", "Adobe"])
@pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
def test_wide_colour_spaces_become_srgb(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    options: dict[str, Any] = {"lossless": True} if kind == "webp" else {}
    Image.fromarray(COLOURS).save(path, icc_profile=profile(name), **options)
    rgb = read_rgb(path)
    assert np.abs(rgb - expected_srgb(COLOURS, name)).max() <= 2.0
    assert np.abs(rgb.astype(int) - COLOURS).max() > 20


def test_a_jpeg_with_a_profile(tmp_path: Path) -> None:
    plain = np.full((32, 32, 3), (190, 120, 90), np.uint8)
    Image.fromarray(plain).save(tmp_path / "a.jpg", quality=95, icc_profile=profile("P3"))
    assert np.abs(read_rgb(tmp_path / "a.jpg").mean(axis=(0, 1)) - expected_srgb(plain[0, 0], "P3")).max() < 3


def test_grey_stays_grey(tmp_path: Path) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    for name in ("P3", "Adobe"):
        Image.fromarray(grey).save(tmp_path / "a.png", icc_profile=profile(name))
        assert np.ptp(read_rgb(tmp_path / "a.png").astype(int), axis=2).max() <= 1


def test_srgb_and_no_profile_leave_every_byte(tmp_path: Path) -> None:
    for content in (None, profile("sRGB"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        np.testing.assert_array_equal(stored(tmp_path / "a.png", content), COLOURS)


@settings(max_examples=60, deadline=None)
@given(
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0.0, 1.0),
)
def test_a_damaged_profile_never_keeps_a_picture_from_being_read(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[float, int]], cut: float
) -> None:
    content = bytearray(profile("P3"))
    for where, value in edits:
        content[int(where * len(content))] = value
    path = tmp_path_factory.getbasetemp() / "profile.png"
    assert stored(path, bytes(content[: int(cut * len(content))]) or b"?").shape == COLOURS.shape


@pytest.mark.parametrize("content", [b"?", b"no profile at all", bytes(200), profile("P3")[:150]])
def test_what_is_no_profile_is_ignored(tmp_path: Path, content: bytes) -> None:
    np.testing.assert_array_equal(stored(tmp_path / "a.png", content), COLOURS)


def test_greyscale_has_no_colours_to_convert(tmp_path: Path) -> None:
    rgb = stored(tmp_path / "a.png", profile("P3"), "L")
    np.testing.assert_array_equal(rgb, np.asarray(Image.fromarray(COLOURS).convert("L").convert("RGB")))


def test_alpha_stays_on_black(tmp_path: Path) -> None:
    rgba = np.dstack([COLOURS, np.zeros(COLOURS.shape[:2], np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png", icc_profile=profile("P3"))
    assert read_rgb(tmp_path / "a.png").max() == 0
