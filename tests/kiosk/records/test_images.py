"""Sealed pictures: a key each, bound to their examination, swept where a cut left them alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.errors import StoreDamaged, StoreMissing, StoreUnwritable
from kiosk.records.images import MAX_BYTES, OVERHEAD_BYTES, Images

EXAMINATION = "e" * 32


@pytest.fixture
def images(tmp_path: Path) -> Images:
    """Sealed files in a new store."""
    Images.make_folders(tmp_path)
    return Images(tmp_path)


def test_a_picture_opens_with_its_own_key_for_its_own_examination(images: Images) -> None:
    content = b"\xff\xd8 MARKER" * 1000
    first, second = images.seal(content, EXAMINATION), images.seal(content, EXAMINATION)
    assert images.open(first.name, first.key, EXAMINATION) == content
    assert first.key != second.key
    assert first.sha256 != second.sha256
    assert b"MARKER" not in images.path(first.name).read_bytes()
    assert first.size_bytes == images.path(first.name).stat().st_size == len(content) + OVERHEAD_BYTES
    assert first.key.hex() not in repr(first)
    assert repr(first.key) not in repr(first)
    for key, examination in ((second.key, EXAMINATION), (first.key, "f" * 32)):
        with pytest.raises(StoreDamaged, match=first.name):
            images.open(first.name, key, examination)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_flipped_bit_is_named(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    store = tmp_path_factory.mktemp("store")
    (store / "images").mkdir()
    Images.make_folders(store)
    images = Images(store)
    sealed = images.seal(b"picture" * 20, EXAMINATION)
    content = bytearray(images.path(sealed.name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    images.path(sealed.name).write_bytes(content)
    with pytest.raises(StoreDamaged, match=sealed.name):
        images.open(sealed.name, sealed.key, EXAMINATION)


@pytest.mark.parametrize(
    "name", ["", "../../slots.json", "a" * 31, "A" * 32, "0" * 31 + "/", "0" * 32 + "\n", "é" * 32]
)
def test_a_name_leads_nowhere_else(images: Images, name: str) -> None:
    for use in (images.path, lambda n: images.open(n, bytes(32), EXAMINATION), images.remove):
        with pytest.raises(ValueError, match="32 hexadecimal digits"):
            use(name)


def test_what_is_gone_or_cut_short_is_named(images: Images) -> None:
    sealed = images.seal(b"picture", EXAMINATION)
    path = images.path(sealed.name)
    path.write_bytes(path.read_bytes()[:10])
    with pytest.raises(StoreDamaged, match=sealed.name):
        images.open(sealed.name, sealed.key, EXAMINATION)
    path.unlink()
    with pytest.raises(StoreMissing, match=sealed.name):
        images.open(sealed.name, sealed.key, EXAMINATION)
    images.remove(sealed.name)


def test_a_picture_has_a_size(images: Images) -> None:
    for content in (b"", bytes(MAX_BYTES + 1)):
        with pytest.raises(ValueError, match="bytes"):
            images.seal(content, EXAMINATION)


def test_a_disk_that_refuses_leaves_nothing(images: Images) -> None:
    for folder in images.folder.iterdir():
        folder.rmdir()
        folder.write_bytes(b"")  # also root cannot make a file in a file
    with pytest.raises((StoreMissing, StoreUnwritable)):
        images.seal(b"picture", EXAMINATION)


def test_orphans_are_swept_and_what_is_still_being_saved_is_not(images: Images, tmp_path: Path) -> None:
    known = images.seal(b"kept", EXAMINATION)
    orphan = os.urandom(16).hex()
    images.path(orphan).write_bytes(b"of a cut")
    (images.folder / "00" / "notes.txt").write_text("not ours")
    on_its_way = images.seal(b"no row yet", EXAMINATION)
    later = Images(tmp_path)
    assert images.sweep(set(images.names()), {known.name}) == [orphan]
    assert set(later.names()) == {known.name, on_its_way.name}
    assert later.sweep(set(later.names()), {known.name}) == [on_its_way.name]
    assert (images.folder / "00" / "notes.txt").exists()
