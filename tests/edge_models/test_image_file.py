"""Every file becomes RGB as described, or one line that says what to do."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from edge_models.errors import ImageUnreadable
from edge_models.image_file import MAX_MEGAPIXELS, read_rgb

RED, GREEN, BLUE, WHITE = (200, 20, 20), (20, 200, 20), (20, 20, 200), (230, 230, 230)
QUADRANTS = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8).repeat(16, axis=0).repeat(24, axis=1)  # 32 x 48

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(image: Image.Image | NDArray[Any], name: str, **options: Any) -> Path:
        picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return write


def corners(rgb: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """Median colours of the four quadrants, row by row."""
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 2
    quadrants = (rgb[:height, :width], rgb[:height, width:], rgb[height:, :width], rgb[height:, width:])
    return [tuple(np.median(each.reshape(-1, 3), axis=0).astype(int).tolist()) for each in quadrants]


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.webp"])
def test_lossless_files_come_back_as_they_were(save: Save, name: str) -> None:
    rgb = read_rgb(save(QUADRANTS, name, **({"lossless": True} if name == "a.webp" else {})))
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert not rgb.flags.writeable
    assert np.array_equal(rgb, QUADRANTS)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("height", [255, 256, 257, 600])
def test_tall_pictures_have_no_seams(save: Save, mode: str, height: int) -> None:
    noise = np.random.default_rng(height).integers(0, 65536, (height, 5, 4), dtype=np.uint16)
    if mode == "I;16":
        rgb, expected = read_rgb(save(noise[:, :, 0], "a.png")), (noise[:, :, :1] >> 8).astype(np.uint8)
    else:
        eight_bit = (noise[:, :, : len(mode)] >> 8).astype(np.uint8)
        eight_bit[:, :, 3:] = 255
        rgb, expected = read_rgb(save(eight_bit, "a.png")), eight_bit[:, :, :3]
    assert np.array_equal(rgb, np.broadcast_to(expected, rgb.shape))


def test_the_content_counts_and_not_the_name(save: Save) -> None:
    path = save(QUADRANTS, "a.png")
    assert np.array_equal(read_rgb(path.rename(path.with_suffix(".jpg"))), QUADRANTS)


def test_jpeg_keeps_red_red(save: Save) -> None:
    rgb = read_rgb(save(QUADRANTS, "a.jpg", quality=95, subsampling=0))
    assert np.allclose(corners(rgb), [RED, GREEN, BLUE, WHITE], atol=4)


# how a camera that is held so stores the upright picture: EXIF 2.3, table 6
STORED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied_once(save: Save, orientation: int, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"lossless": True} if name == "a.webp" else {}
    if name == "a.jpg":
        options = {"quality": 95, "subsampling": 0}
    rgb = read_rgb(save(np.ascontiguousarray(STORED[orientation](QUADRANTS)), name, exif=exif, **options))
    assert rgb.shape == QUADRANTS.shape
    assert np.allclose(corners(rgb), [RED, GREEN, BLUE, WHITE], atol=4)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_is_ignored(save: Save, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_rgb(save(QUADRANTS, "a.png", exif=exif)), QUADRANTS)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_leaves_the_picture_readable(save: Save, exif: bytes) -> None:
    rgb = read_rgb(save(QUADRANTS, "a.jpg", quality=95, subsampling=0, exif=exif))
    assert np.allclose(corners(rgb), [RED, GREEN, BLUE, WHITE], atol=4)


@pytest.mark.parametrize("name", ["a.jpg", "a.tiff"])
def test_cmyk(save: Save, name: str) -> None:
    rgb = read_rgb(save(Image.fromarray(QUADRANTS).convert("CMYK"), name))
    assert np.allclose(corners(rgb), [RED, GREEN, BLUE, WHITE], atol=6)


def test_greyscale_and_one_bit(save: Save) -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    assert np.array_equal(read_rgb(save(grey, "a.png")), np.repeat(grey[:, :, None], 3, axis=2))
    one_bit = read_rgb(save(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE), "b.png"))
    assert np.array_equal(np.unique(one_bit), [0, 255])


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_sixteen_bits_are_scaled_not_clipped(save: Save, name: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 512).astype(np.uint16), (2, 1))
    rgb = read_rgb(save(ramp, name))
    assert rgb.shape == (2, 512, 3)
    assert np.abs(rgb[0, :, 1].astype(float) - np.linspace(0, 255, 512)).max() <= 1.0


def test_sixteen_bit_colour(tmp_path: Path) -> None:
    # Pillow writes none, so this is a PNG by hand (W3C PNG, 11.2.2: colour type 2)
    rows = b"".join(b"\0" + struct.pack(">6H", 65535, 32768, 0, 0, 512, 65280) for _ in range(2))
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 2, 16, 2, zlib.compress(rows)))
    assert read_rgb(path)[0].tolist() == [[255, 128, 0], [0, 2, 255]]


def png(width: int, height: int, depth: int, colour_type: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_alpha_lies_on_black(save: Save) -> None:
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[:, :, :3] = (200, 100, 40)
    rgba[:, 0, 3], rgba[:, 1, 3], rgba[:, 2, 3] = 255, 128, 0
    for name in ("a.png", "a.tiff"):
        row = read_rgb(save(rgba, name))[0].astype(int)
        assert np.allclose(row, [[200, 100, 40], [100, 50, 20], [0, 0, 0]], atol=1)
    grey = read_rgb(save(Image.fromarray(rgba).convert("LA"), "b.png"))[0].astype(int)
    assert grey[2].tolist() == [0, 0, 0]
    assert np.ptp(grey[0]) == 0
    assert grey[0, 0] > 100


def test_palettes_with_and_without_transparency(save: Save) -> None:
    palette = Image.fromarray(QUADRANTS).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    assert np.allclose(corners(read_rgb(save(palette, "a.png"))), [RED, GREEN, BLUE, WHITE], atol=2)
    red = palette.getpixel((0, 0))
    seen = corners(read_rgb(save(palette, "b.png", transparency=red)))
    assert seen[0] == (0, 0, 0)
    assert np.allclose(seen[1:], [GREEN, BLUE, WHITE], atol=2)
    alphas = bytes(255 if index != red else 0 for index in range(4))
    assert corners(read_rgb(save(palette, "c.png", transparency=alphas)))[0] == (0, 0, 0)


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.tiff"])
def test_of_several_pictures_the_first_is_read(save: Save, name: str) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if name == "a.webp" else {}
    rgb = read_rgb(save(frames[0], name, save_all=True, append_images=frames[1:], **options))
    assert np.array_equal(rgb, np.full((6, 8, 3), RED))


def test_a_profile_of_another_colour_space_is_ignored(save: Save) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert np.array_equal(read_rgb(save(QUADRANTS, "a.png", icc_profile=profile)), QUADRANTS)


def test_one_pixel_is_an_image(save: Save) -> None:
    assert read_rgb(save(np.array([[RED]], np.uint8), "a.png")).tolist() == [[list(RED)]]


def refused(path: Path) -> str:
    with pytest.raises(ImageUnreadable) as caught:
        read_rgb(path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    assert caught.value.remedy
    return line


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.tiff", "a.webp"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_truncated(tmp_path: Path, save: Save, name: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(noise, name)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "Copy it again" in refused(path) or "not a" in refused(path)


def test_what_is_no_picture(tmp_path: Path, save: Save) -> None:
    (tmp_path / "empty.jpg").touch()
    assert "is empty" in refused(tmp_path / "empty.jpg")
    (tmp_path / "text.jpg").write_text("Dear colleague,\nplease find attached no image at all.\n")
    assert "is not a JPEG, PNG, BMP, TIFF or WebP image" in refused(tmp_path / "text.jpg")
    assert "is not a JPEG" in refused(save(Image.fromarray(QUADRANTS), "a.gif"))
    assert "is a folder" in refused(tmp_path)
    assert "does not exist" in refused(tmp_path / "nowhere.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "is not a file" in refused(tmp_path / "pipe.jpg")
    assert "32-bit" in refused(save(Image.new("F", (4, 4)), "float.tiff"))
    assert "cannot be read" in refused(tmp_path / ("x" * 300))


def test_a_file_that_may_not_be_read(save: Save) -> None:
    path = save(QUADRANTS, "a.png")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything
        os.seteuid(65534)
    try:
        assert "Permission denied" in refused(path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (65_000, 65_000), (2**31 - 1, 2**31 - 1), (1, 10**8)])
def test_huge_pictures_are_refused_by_their_header(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(width, height, 8, 2, zlib.compress(bytes(10**6))))
    line = refused(path)
    assert f"at most {MAX_MEGAPIXELS} megapixels" in line
    assert "Scale it down" in line


def test_a_hundred_megapixels_are_refused_without_taking_memory(save: Save) -> None:
    import tracemalloc

    path = save(Image.new("1", (10_000, 10_000)), "a.png")
    tracemalloc.start()
    assert "10000 x 10000 pixels, at most 50 megapixels" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(101_000_000)
    assert "101 MB, at most 100" in refused(path)


def seeds() -> list[bytes]:
    def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    exif = Image.Exif()
    exif[0x0112] = 6
    colour = Image.fromarray(QUADRANTS)
    return [
        saved(colour, "JPEG", exif=exif),
        saved(colour, "JPEG", progressive=True),
        saved(colour.convert("CMYK"), "JPEG"),
        saved(colour, "PNG", exif=exif),
        saved(colour.convert("P"), "PNG", transparency=0),
        saved(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000), "PNG"),
        saved(colour, "TIFF", compression="tiff_lzw"),
        saved(colour, "WEBP"),
        saved(colour, "BMP"),
    ]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "fuzzed"


def read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        rgb = read_rgb(path)
    except ImageUnreadable as error:
        line = str(error)
    else:
        line = ""
        assert rgb.dtype == np.uint8
        assert rgb.shape[2:] == (3,)
        assert rgb.size <= MAX_MEGAPIXELS * 3_000_000
    assert "\n" not in line


@given(content=st.binary(max_size=300), magic=st.sampled_from([seed[:12] for seed in seeds()] + [b""]))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_read_or_refused(fuzzed: Path, content: bytes, magic: bytes) -> None:
    read_or_refuse(fuzzed, magic + content)


@given(
    seed=st.sampled_from(seeds()),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.floats(0.2, 1.0),
)
@settings(max_examples=400, deadline=None)
def test_damaged_images_are_read_or_refused(
    fuzzed: Path, seed: bytes, edits: list[tuple[float, int]], cut: float
) -> None:
    content = bytearray(seed)
    for where, value in edits:
        content[int(where * len(content))] = value
    # headers lie at the front: half of the edits go there
    for where, value in edits[::2]:
        content[int(where * min(64, len(content)))] = value
    read_or_refuse(fuzzed, bytes(content[: int(cut * len(content)) or 1]))
