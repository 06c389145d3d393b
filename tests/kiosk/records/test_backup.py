"""A backup restored on a second device is the store that was copied; what is damaged is named and never restored."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kiosk.errors import BackupError, KeyRefused, StoreDamaged, StoreInUse
from kiosk.records import manifest
from kiosk.records.backup import back_up, back_up_locked, last_backup
from kiosk.records.database import FILE, PLAIN_HEADER, WAL
from kiosk.records.files import read_document, write_document
from kiosk.records.keys import DataKey
from kiosk.records.manifest import check_signature, read_manifest
from kiosk.records.opening import change_data_key, open_store
from kiosk.records.restore import restore
from kiosk.records.search import Filter
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import Store
from tests.kiosk.records.samples import ANNA, NOON, PIN, Box, new_examination, new_lesion
from tests.kiosk.records.test_documents import same


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A mounted stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def fill(box: Box, count: int) -> None:
    for number in range(count):
        examination = new_examination(f"P-{number}", lesion=new_lesion())
        box.store.save(examination, f"PICTURE-MARKER {examination.id}".encode() * 50)


def on_a_second_device(backup: Path, folder: Path) -> Store:
    restore(backup, folder, NOON)
    keys = Slots.read(folder).unlock(ANNA.id, PIN, None)
    store, key = open_store(folder, keys)
    assert store.database.check() == []
    done = read_manifest(backup)
    if done.mac:
        check_signature(done, key)
    store.verify_audit(done.head)
    assert store.sweep() == ([], [])
    return store


def assert_the_same(first: Store, second: Store) -> None:
    ids = [each.id for each in first.find(Filter(), ANNA.id, limit=1000)]
    assert [each.id for each in second.find(Filter(), ANNA.id, limit=1000)] == ids
    assert ids
    for each in ids:
        assert same(first.examination(each, ANNA.id), second.examination(each, ANNA.id))
        assert first.picture(each) == second.picture(each)


def test_a_second_device_has_every_examination(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 4)
    report = back_up(box.store, box.key, stick, ANNA.id)
    assert (report.manifest.examinations, report.copied_files) == (4, 6)
    content = b"".join(path.read_bytes() for path in stick.rglob("*") if path.is_file())
    for marker in (b"PICTURE-MARKER", b"P-3", PLAIN_HEADER):
        assert marker not in content
    second = on_a_second_device(report.folder, tmp_path / "second")
    assert_the_same(box.store, second)
    second.close()
    where = last_backup(box.folder)
    assert where is not None
    assert where[0] == report.folder
    assert any(line.event == "backed_up" and "head" in line.detail for line in box.store.audit_lines(limit=99))


def test_the_next_backup_copies_what_is_new_and_drops_what_was_deleted(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 5)
    back_up(box.store, box.key, stick, ANNA.id)
    gone = box.store.find(Filter(), ANNA.id)[0].id
    box.store.delete(gone, ANNA.id, "test")
    fill(box, 2)
    report = back_up(box.store, box.key, stick, ANNA.id)
    assert report.copied_files == 2 + 2
    assert report.manifest.sequence == 2
    files = sorted(path.relative_to(report.folder).as_posix() for path in report.folder.rglob("*") if path.is_file())
    assert files == sorted([*report.manifest.files, manifest.FILE])
    second = on_a_second_device(report.folder, tmp_path / "second")
    assert_the_same(box.store, second)
    second.close()


def test_examinations_are_saved_while_a_backup_is_made(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 3)
    stop = threading.Event()
    saved = 0

    def go_on() -> None:
        nonlocal saved
        while not stop.is_set():
            fill(box, 1)
            saved += 1

    saving = threading.Thread(target=go_on)
    saving.start()
    try:
        reports = [back_up(box.store, box.key, stick, ANNA.id) for _ in range(3)]
    finally:
        stop.set()
        saving.join()
    assert saved > 0
    second = on_a_second_device(reports[-1].folder, tmp_path / "second")
    assert second.capacity().kept == reports[-1].manifest.examinations
    second.close()
    assert box.store.database.check() == []


@pytest.mark.parametrize("killed", [False, True])
def test_a_store_that_nobody_has_unlocked_is_copied_too(box: Box, stick: Path, tmp_path: Path, killed: bool) -> None:
    fill(box, 3)
    if killed:  # as it lies after kill -9: the newest examinations in the write-ahead log alone
        left = tmp_path / "left"
        shutil.copytree(box.folder, left)
        assert (left / WAL).stat().st_size > 0
    else:
        with pytest.raises(StoreInUse):
            back_up_locked(box.folder, stick)
        box.store.close()
        left = box.folder
    report = back_up_locked(left, stick)
    assert report.manifest.mac == ""
    if not killed:
        box.store, box.key = box.opened()
    second = on_a_second_device(report.folder, tmp_path / "second")
    assert_the_same(box.store, second)
    second.close()


@pytest.mark.parametrize("what", ["db", "json", "picture", "manifest"])
def test_a_damaged_backup_is_named_and_nothing_is_made(box: Box, stick: Path, tmp_path: Path, what: str) -> None:
    fill(box, 1)
    report = back_up(box.store, box.key, stick, ANNA.id)
    names = [*report.manifest.files, manifest.FILE]
    part = {"db": ".db", "json": "slots", "picture": "images/", "manifest": manifest.FILE}[what]
    name = next(each for each in names if part in each)
    path = report.folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupError, match=path.name):
        restore(report.folder, tmp_path / "second", NOON)
    path.unlink()
    with pytest.raises(BackupError, match=path.name):
        restore(report.folder, tmp_path / "second", NOON)
    assert not (tmp_path / "second").exists()


def test_a_store_that_is_there_is_never_overwritten(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 1)
    report = back_up(box.store, box.key, stick, ANNA.id)
    fill(box, 1)
    box.store.close()
    with pytest.raises(BackupError, match="may be newer than the backup"):
        restore(report.folder, box.folder, NOON)
    restore(report.folder, box.folder, NOON, force=True)
    (aside,) = tmp_path.glob("records.replaced-*")
    counts = []
    for folder in (aside, box.folder):
        store, _ = open_store(folder, Slots.read(folder).unlock(RECOVERY, box.words, None))
        counts.append(store.capacity().kept)
        store.close()
    assert counts == [2, 1]


def test_a_manifest_that_somebody_else_wrote_is_told(box: Box, stick: Path) -> None:
    fill(box, 1)
    report = back_up(box.store, box.key, stick, ANNA.id)
    check_signature(report.manifest, box.key)
    with pytest.raises(BackupError, match="not signed"):
        check_signature(report.manifest, DataKey.new())


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "images/00/" + "1" * 32, "records-1.db/..", "images", ""]
)
def test_a_manifest_leads_nowhere_else(box: Box, stick: Path, name: str) -> None:
    report = back_up(box.store, box.key, stick, ANNA.id)
    document = read_document(report.folder / manifest.FILE)
    document["files"][name] = "00" * 32
    write_document(report.folder / manifest.FILE, document)
    with pytest.raises(BackupError, match="no backup has"):
        read_manifest(report.folder)


def test_a_damaged_picture_stops_the_backup_and_the_one_before_stays(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 1)
    report = back_up(box.store, box.key, stick, ANNA.id)
    before = set(box.store.images.names())
    fill(box, 1)
    (new,) = set(box.store.images.names()) - before
    box.store.images.path(new).write_bytes(b"damaged")
    with pytest.raises(StoreDamaged, match=new):
        back_up(box.store, box.key, stick, ANNA.id)
    second = on_a_second_device(report.folder, tmp_path / "second")
    assert second.capacity().kept == 1
    second.close()


def test_a_target_that_cannot_be_written_is_named(box: Box, stick: Path) -> None:
    (stick / "file").write_bytes(b"")
    tries: list[tuple[Path, str]] = [
        (stick / "file", "file"),
        (stick / "no" / "where", "where"),
        (box.folder, "within"),
    ]
    for target, word in tries:
        with pytest.raises(BackupError, match=word):
            back_up(box.store, box.key, target, ANNA.id)
    assert last_backup(box.folder) is None


def test_after_a_change_of_keys_the_backup_follows(box: Box, stick: Path, tmp_path: Path) -> None:
    fill(box, 2)
    back_up(box.store, box.key, stick, ANNA.id)
    change_data_key(box.store, box.key)
    box.store, box.key = box.opened()
    report = back_up(box.store, box.key, stick, ANNA.id)
    assert report.copied_files == 2, "pictures keep their keys"
    second = on_a_second_device(report.folder, tmp_path / "second")
    assert_the_same(box.store, second)
    second.close()
    with pytest.raises(KeyRefused):
        Slots.read(tmp_path / "second").unlock(ANNA.id, "00000000", None)


def test_the_database_s_lock_is_not_lost_by_a_backup(box: Box, stick: Path) -> None:
    """Closing any file of its own on the database would drop SQLite's lock (POSIX)."""
    back_up(box.store, box.key, stick, ANNA.id)
    program = (
        "import fcntl, sys; file = open(sys.argv[1], 'r+b')\n"
        "try: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)\n"
        "except OSError: print('locked')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, box.folder / FILE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "locked\n"
