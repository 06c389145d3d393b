"""A picture that is not whole is refused, by whatever decoder; what does no harm is not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from edge_models.damage import UnknownCoding, decode_jpeg, lost_jpeg_data
from edge_models.errors import ImageUnreadable
from edge_models.image_file import read_rgb
from kiosk.camera.skin import paint

Rgb = NDArray[np.uint8]
EOI = b"\xff\xd9"


def encoded(rgb: Rgb, file_format: str, **options: Any) -> bytes:
    mode = options.pop("mode", "RGB")
    buffer = io.BytesIO()
    Image.fromarray(rgb).convert(mode).save(buffer, file_format, **options)
    return buffer.getvalue()


LESION = paint(np.random.default_rng(1), 320, 240)
JPEGS = {
    "baseline": encoded(LESION, "JPEG", quality=90),
    "progressive": encoded(LESION, "JPEG", quality=90, progressive=True),
    "restart markers": encoded(LESION, "JPEG", quality=90, restart_marker_rows=1),
    "greyscale": encoded(LESION, "JPEG", quality=90, mode="L"),
    "CMYK": encoded(LESION, "JPEG", quality=90, mode="CMYK"),
    "4:4:4": encoded(LESION, "JPEG", quality=95, subsampling=0),
    "RGB": encoded(LESION, "JPEG", quality=90, keep_rgb=True),
}
LOSSES: dict[str, Callable[[bytes, int], bytes]] = {
    "cut off": lambda content, at: content[:at],
    "cut off and closed": lambda content, at: content[:at] + EOI,
    "the rest zeros": lambda content, at: content[:at] + bytes(len(content) - at),
    "2000 bytes left out": lambda content, at: content[:at] + content[at + 2000 :],
    "a sector of zeros": lambda content, at: content[:at] + bytes(512) + content[at + 512 :],
}


def scan(jpeg: bytes) -> int:
    """Where the (first) entropy code begins."""
    at = jpeg.index(b"\xff\xda") + 2
    return at + int.from_bytes(jpeg[at : at + 2], "big")


def refusal(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "picture"
    path.write_bytes(content)
    with pytest.raises(ImageUnreadable) as caught:
        read_rgb(path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    return line


def read(tmp_path: Path, content: bytes) -> Rgb:
    path = tmp_path / "picture"
    path.write_bytes(content)
    return read_rgb(path)


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_with_lost_data_is_refused(tmp_path: Path, kind: str, loss: str, share: float) -> None:
    content = JPEGS[kind]
    at = scan(content) + round(share * (len(content) - scan(content) - 2600))
    assert "is damaged" in refusal(tmp_path, LOSSES[loss](content, at))


@pytest.mark.parametrize("kind", JPEGS)
def test_a_whole_jpeg_and_what_follows_it_do_no_harm(tmp_path: Path, kind: str) -> None:
    whole = read(tmp_path, JPEGS[kind])
    with Image.open(io.BytesIO(JPEGS[kind])) as image:
        np.testing.assert_array_equal(whole, np.asarray(image.convert("RGB")))
    for tail in (bytes(700), os.urandom(700), b"\n", JPEGS["baseline"]):
        np.testing.assert_array_equal(read(tmp_path, JPEGS[kind] + tail), whole)


def test_some_cameras_pad_before_the_end(tmp_path: Path) -> None:
    padded = JPEGS["baseline"].removesuffix(EOI) + bytes(7) + EOI
    np.testing.assert_array_equal(read(tmp_path, padded), read(tmp_path, JPEGS["baseline"]))
    np.testing.assert_array_equal(decode_jpeg(padded), decode_jpeg(JPEGS["baseline"]))
    np.testing.assert_array_equal(read(tmp_path, padded + JPEGS["progressive"]), read(tmp_path, padded))
    for surplus in (b"\x55" * 7, bytes(3000), b"\x55" * 3000):
        assert "extraneous" in lost_jpeg_data(padded.removesuffix(EOI) + surplus + EOI)


def test_a_coding_that_cannot_be_checked_is_refused_as_that(tmp_path: Path) -> None:
    content = bytearray(JPEGS["4:4:4"])
    content[content.index(b"\xff\xc0") + 11] = 0x31  # luma three times as fine as chroma: valid, and nobody's
    with pytest.raises(UnknownCoding):
        lost_jpeg_data(bytes(content))
    assert "cannot be checked for lost data" in refusal(tmp_path, bytes(content))


def test_a_multi_picture_jpeg_is_its_first(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    second = Image.fromarray(255 - LESION)
    Image.fromarray(LESION).save(buffer, "MPO", save_all=True, append_images=[second], quality=90)
    whole = buffer.getvalue()
    assert np.abs(read(tmp_path, whole).astype(int) - LESION).mean() < 8
    at = scan(whole) + 3000
    assert "is damaged" in refusal(tmp_path, whole[:at] + bytes(2000) + whole[at + 2000 :])


@pytest.mark.parametrize("tiles", [False, True], ids=["strips", "tiles"])
def test_a_jpeg_within_a_tiff(tmp_path: Path, tiles: bool) -> None:
    options: dict[str, Any] = {"compression": "jpeg", "quality": 90}
    if tiles:
        options["tiffinfo"] = {322: 128, 323: 128}
    whole = encoded(LESION, "TIFF", **options)
    assert np.abs(read(tmp_path, whole).astype(int) - LESION).mean() < 8
    for share in (0.3, 0.6, 0.9):
        at = round(share * len(whole))
        assert "is damaged" in refusal(tmp_path, whole[:at] + bytes(300) + whole[at + 300 :])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"])
def test_libtiff_prints_nothing(tmp_path: Path, compression: str) -> None:
    """Another process, so that its standard error stream can be seen as it is."""
    whole = encoded(LESION, "TIFF", compression=compression, mode="1" if compression == "group4" else "RGB")
    for number in range(1, 9):
        at = len(whole) * number // 9
        (tmp_path / f"{number}.tif").write_bytes(whole[:at] + os.urandom(300) + whole[at + 300 :])
    program = (
        "import sys\nfrom pathlib import Path\nfrom edge_models.image_file import read_rgb, ImageUnreadable\n"
        "for path in sorted(Path(sys.argv[1]).glob('*.tif')):\n"
        "    try:\n        read_rgb(path)\n    except ImageUnreadable as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert all(str(tmp_path) in line for line in done.stdout.splitlines())


@pytest.mark.parametrize("options", [{"quality": 90}, {"lossless": True}, {"quality": 90, "exif": b"Exif\0\0"}])
def test_a_webp_with_lost_data_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    whole = encoded(LESION, "WEBP", **options)
    assert read(tmp_path, whole).shape == LESION.shape
    assert read(tmp_path, whole + os.urandom(500)).shape == LESION.shape
    for share in np.arange(0.1, 1.0, 0.05):
        at = round(share * len(whole)) & ~1
        sized = bytearray(whole[:at])
        sized[4:8] = (at - 8).to_bytes(4, "little")
        for damaged in (whole[:at], bytes(sized), whole[:at] + bytes(len(whole) - at)):
            line = refusal(tmp_path, damaged)
            assert "is damaged" in line or "is not a" in line


def test_every_byte_of_a_png_counts(tmp_path: Path) -> None:
    whole = encoded(LESION, "PNG")
    for share in np.linspace(0.02, 0.98, 25):
        at = round(share * len(whole))
        assert "is damaged" in refusal(tmp_path, whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])


def test_a_cameras_jpeg_is_decoded_as_by_everybody() -> None:
    jpeg = JPEGS["baseline"]
    rgb = decode_jpeg(jpeg)
    np.testing.assert_array_equal(rgb, np.asarray(Image.open(io.BytesIO(jpeg))))
    np.testing.assert_array_equal(rgb[..., ::-1], cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))


def test_motion_jpeg_may_leave_its_usual_tables_out() -> None:
    """As many USB cameras do (MJPEG in UVC 1.5): the decoder then takes those of ITU-T T.81, annex K."""
    _, array = cv2.imencode(".jpg", LESION, [cv2.IMWRITE_JPEG_QUALITY, 80])
    jpeg = array.tobytes()
    bare, at = jpeg[:2], 2
    while jpeg[at : at + 2] != b"\xff\xda":
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        bare += b"" if jpeg[at + 1] == 0xC4 else jpeg[at : at + length]
        at += length
    bare += jpeg[at:]
    assert len(bare) < len(jpeg)
    np.testing.assert_array_equal(decode_jpeg(bare), decode_jpeg(jpeg))


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(JPEGS)), at=st.floats(0.0, 0.98), length=st.integers(1000, 4000))
def test_what_is_left_out_of_a_jpeg_is_missed(kind: str, at: float, length: int) -> None:
    content, begin = JPEGS[kind], scan(JPEGS[kind])
    start = begin + int(at * (len(content) - 2 - begin))
    try:
        lost = lost_jpeg_data(content[:start] + content[start + length :].removesuffix(EOI) + EOI)
    except UnknownCoding:
        return
    assert lost


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400))
def test_random_bytes_are_judged_or_unknown(content: bytes) -> None:
    for data in (content, b"\xff\xd8\xff" + content):
        with pytest.raises(UnknownCoding):
            lost_jpeg_data(data)
        with pytest.raises(ValueError, match=r"."):
            decode_jpeg(data)


@pytest.mark.parametrize(
    "folder", ["isic2018_task3_val/images", "ham10000/images", "milk10k/images", "isic2017/images"]
)
def test_real_pictures_are_whole(folder: str) -> None:
    if "DERMAKIOSK_DATA" not in os.environ:
        pytest.skip(f"DERMAKIOSK_DATA does not name a folder with {folder}")
    paths = sorted((Path(os.environ["DERMAKIOSK_DATA"]) / folder).glob("*.jpg"))
    assert not [path.name for path in paths if lost_jpeg_data(path.read_bytes())]
