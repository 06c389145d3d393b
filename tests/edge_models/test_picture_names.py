"""Ids of pictures, and pictures that are not read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_models.picture_names import FIRST_BYTES, SUFFIXES, UNREAD_SUFFIXES, image_id, unread_format


@pytest.mark.parametrize(
    ("text", "known_as"),
    [
        ("ISIC_1", "ISIC_1"),
        (" ISIC_1.jpg ", "ISIC_1"),
        ("ISIC_1.JPG", "ISIC_1"),
        ("ISIC_1.Jpeg", "ISIC_1"),
        ("ISIC_1.dcm", "ISIC_1"),
        ("ISIC_1.v2", "ISIC_1.v2"),
        ("./left/ISIC_1.png", "left/ISIC_1"),
        ("left\\ISIC_1.png", "left/ISIC_1"),
        ("Mu\u0308ller.tiff", "M\u00fcller"),
        (".jpg", ".jpg"),
        ("", ""),
    ],
)
def test_ids(text: str, known_as: str) -> None:
    assert image_id(text) == known_as


@given(st.text("ABÅéñ_0", min_size=1), st.sampled_from(sorted(SUFFIXES | UNREAD_SUFFIXES.keys())))
def test_an_ending_in_any_case_changes_nothing(name: str, suffix: str) -> None:
    assert image_id(name + suffix) == image_id(name + suffix.upper()) == image_id(name)


def test_what_is_read_is_not_unread() -> None:
    assert not SUFFIXES & UNREAD_SUFFIXES.keys()


@pytest.mark.parametrize(
    ("name", "first", "kind"),
    [
        ("a.HEIC", b"", "HEIC"),
        ("a.dcm", b"", "DICOM"),
        ("IM000001", bytes(128) + b"DICM", "DICOM"),
        ("1.2.840.1", bytes(128) + b"DICM" + bytes(50), "DICOM"),
        ("a.j2k", b"", "JPEG 2000"),
        ("a", b"\xff\x4f\xff\x51\x00", "JPEG 2000"),
        ("a", b"\x00\x00\x00\x18ftypheic", "HEIC"),
        ("a", b"\x00\x00\x00\x18ftypavif", "AVIF"),
        ("a.NEF", b"II", "camera raw"),
        ("a.txt", b"DICM", None),
        ("notes", b"", None),
    ],
)
def test_formats_that_are_not_read(name: str, first: bytes, kind: str | None) -> None:
    assert unread_format(name, first) == kind


def test_a_real_jpeg_2000_is_known_by_its_first_bytes() -> None:
    if "JPEG2000" not in {Image.registered_extensions().get(".jp2")}:
        pytest.skip("this Pillow writes no JPEG 2000")
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32)).save(buffer, "JPEG2000")
    assert unread_format("picture", buffer.getvalue()[:FIRST_BYTES]) == "JPEG 2000"
