"""A changed byte in the write-ahead log is no power cut: what it loses is not passed over in silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kiosk.errors import StoreDamaged
from kiosk.records import wal
from kiosk.records.database import FILE, LOST, WAL, Database
from kiosk.records.wal import Log

KEY = bytes(range(32))
_FRAME_BYTES = 24 + 4096


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A database as it lies after the power went: ten transactions, all of them in the log alone."""
    folder = tmp_path / "running"
    folder.mkdir()
    database = Database(folder / FILE, KEY, create=True)
    database.write(lambda c: c.execute("CREATE TABLE notes (text TEXT)"))
    for number in range(9):
        database.write(lambda c, n=number: c.execute("INSERT INTO notes VALUES (?)", (n,)))  # type: ignore[misc]
    shutil.copytree(folder, tmp_path / "left")
    database.close()
    return tmp_path / "left"


def notes(folder: Path) -> int:
    database = Database(folder / FILE, KEY)
    try:
        return int(database.read(lambda c: c.execute("SELECT count(*) FROM notes").fetchone()[0]))
    finally:
        database.close()


def test_a_whole_log_is_read_whole(left: Path) -> None:
    assert len(wal.read(left / WAL).commits) == 10
    assert notes(left) == 9
    assert wal.read(left / WAL) == Log()


@pytest.mark.parametrize("frame", [2, 5])
def test_a_changed_byte_before_acknowledged_changes_is_damage_also_at_the_next_start(left: Path, frame: int) -> None:
    content = bytearray((left / WAL).read_bytes())
    content[32 + frame * _FRAME_BYTES + 500] ^= 1
    (left / WAL).write_bytes(content)
    with pytest.raises(StoreDamaged, match=f"{WAL} was damaged"):
        notes(left)
    with pytest.raises(StoreDamaged, match="has lost changes"):
        notes(left)
    (left / f"{FILE}{LOST}").unlink()
    assert notes(left) < 9, "somebody decided to go on with what is left"


def test_a_torn_last_transaction_is_a_power_cut(left: Path) -> None:
    content = bytearray((left / WAL).read_bytes())
    content[-500] ^= 1
    (left / WAL).write_bytes(content)
    assert notes(left) == 8
    shutil.rmtree(left)


@pytest.mark.parametrize("content", [b"", b"short", bytes(32), b"\xff" * 5000])
def test_what_is_no_log_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WAL).write_bytes(content)
    assert wal.read(tmp_path / WAL) == Log()
    assert wal.read(tmp_path / "nowhere") == Log()
