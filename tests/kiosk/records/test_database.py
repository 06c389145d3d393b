"""The encrypted database: never a plaintext one, one process, one thread, and every error in words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.errors import (
    RecordsError,
    StoreClosed,
    StoreDamaged,
    StoreMissing,
    StoreNewer,
    StoreUnwritable,
)
from kiosk.records.database import FILE, PLAIN_HEADER, SETTINGS, WAL, Database, export
from kiosk.records.migrations import Migration, migrate, version_of

KEY, OTHER = bytes(range(32)), b"o" * 32
NOW = datetime(2026, 11, 25, tzinfo=UTC)
MARKER = "PATIENT-MARKER"
TABLE = Migration("notes", ("CREATE TABLE notes (text TEXT)",))


def made(folder: Path, rows: int = 50) -> Path:
    database = Database(folder / FILE, KEY, create=True)
    migrate(database, NOW, [TABLE])
    database.write(
        lambda c: c.executemany("INSERT INTO notes VALUES (?)", [(f"{MARKER} {n}" * 40,) for n in range(rows)])
    )
    database.close()
    return folder / FILE


def pragma(database: Database, name: str) -> object:
    return database.read(lambda c: c.execute(f"PRAGMA {name}").fetchone()[0])


def test_nothing_on_the_disk_is_readable(tmp_path: Path) -> None:
    path = made(tmp_path)
    database = Database(path, KEY)
    database.write(lambda c: c.execute("INSERT INTO notes VALUES (?)", (MARKER,)))
    for file in tmp_path.iterdir():  # the write-ahead log too
        content = file.read_bytes()
        assert not content.startswith(PLAIN_HEADER)
        assert MARKER.encode() not in content
    assert {file.name for file in tmp_path.iterdir()} == {FILE, WAL}, "no shared memory, no temporary files"
    database.close()
    assert {file.name for file in tmp_path.iterdir()} == {FILE}


def test_a_key_is_32_bytes_and_nothing_that_sqlcipher_would_take_for_a_passphrase(tmp_path: Path) -> None:
    for key in (b"", b"short", bytes(33), KEY.hex().encode()):
        with pytest.raises(ValueError, match="32 bytes"):
            Database(tmp_path / FILE, key, create=True)
    assert not list(tmp_path.iterdir())


def test_a_wrong_key_changes_nothing(tmp_path: Path) -> None:
    before = made(tmp_path).read_bytes()
    with pytest.raises(StoreDamaged, match="another key"):
        Database(tmp_path / FILE, OTHER)
    assert (tmp_path / FILE).read_bytes() == before
    Database(tmp_path / FILE, KEY).close()


def test_a_plaintext_or_empty_or_missing_database_is_refused(tmp_path: Path) -> None:
    plain = sqlite3.connect(tmp_path / FILE)
    plain.execute("CREATE TABLE t (x)")
    plain.commit()
    plain.close()
    with pytest.raises(StoreDamaged, match="not encrypted"):
        Database(tmp_path / FILE, KEY)
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(StoreDamaged, match="cut short"):
        Database(tmp_path / FILE, KEY)
    (tmp_path / FILE).unlink()
    with pytest.raises(StoreMissing):
        Database(tmp_path / FILE, KEY)
    assert not list(tmp_path.iterdir()), "nothing is made where something is missing"


def test_the_settings_are_what_the_promises_rest_on(tmp_path: Path) -> None:
    database = Database(made(tmp_path), KEY)
    expected = {"synchronous": 2, "journal_mode": "wal", "locking_mode": "exclusive", "foreign_keys": 1,
                "secure_delete": 1, "temp_store": 2, "trusted_schema": 0}  # fmt: skip
    for name, value in expected.items():
        assert pragma(database, name) == value
    assert str(pragma(database, "cipher_version")).startswith("4.")
    assert len(SETTINGS) == len(expected) + 1
    database.close()


def test_a_second_process_is_refused_in_words(tmp_path: Path) -> None:
    database = Database(made(tmp_path), KEY)
    program = (
        "import sys, pathlib; from kiosk.records.database import Database\n"
        "try: Database(pathlib.Path(sys.argv[1]), bytes(range(32)))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path / FILE], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("StoreInUse Another program has")
    database.pread(16, 0)  # would drop the lock if it closed a file of its own
    again = subprocess.run([sys.executable, "-c", program, tmp_path / FILE], capture_output=True, text=True, check=True)
    assert again.stdout == done.stdout
    database.close()


def test_a_transaction_is_whole_or_not_there(tmp_path: Path) -> None:
    database = Database(made(tmp_path, rows=0), KEY)

    def half(connection: object) -> None:
        connection.execute("INSERT INTO notes VALUES ('half')")  # type: ignore[attr-defined]
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        database.write(half)
    with pytest.raises(RecordsError, match="no such table"):
        database.write(lambda c: [c.execute("INSERT INTO notes VALUES ('half')"), c.execute("SELECT * FROM nowhere")])
    assert database.read(lambda c: c.execute("SELECT count(*) FROM notes").fetchone()[0]) == 0
    database.close()


def test_many_threads_may_ask_and_one_answers(tmp_path: Path) -> None:
    database = Database(made(tmp_path, rows=0), KEY)
    names: set[str] = set()

    def job(connection: object) -> None:
        names.add(threading.current_thread().name)
        connection.execute("INSERT INTO notes VALUES ('x')")  # type: ignore[attr-defined]

    threads = [threading.Thread(target=lambda: [database.write(job) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == {"records"}
    assert database.read(lambda c: c.execute("SELECT count(*) FROM notes").fetchone()[0]) == 20
    database.close()
    database.close()
    with pytest.raises(StoreClosed):
        database.read(job)


def test_a_flipped_byte_is_found_and_its_page_named(tmp_path: Path) -> None:
    path = made(tmp_path, rows=400)
    content = bytearray(path.read_bytes())
    content[5 * 4096 + 100] ^= 1
    path.write_bytes(content)
    database = Database(path, KEY)
    assert database.check() == ["HMAC verification failed for page 6"]
    with pytest.raises(StoreDamaged, match=FILE):
        database.read(lambda c: c.execute("SELECT sum(length(text)) FROM notes").fetchone())
    database.close()
    content[5 * 4096 + 100] ^= 1
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=FILE):
        Database(path, KEY)


def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / WAL).mkdir()  # what cannot be written, also for root
    with pytest.raises((StoreUnwritable, StoreMissing), match="cannot be used"):
        Database(tmp_path / FILE, KEY)


def test_migrations_are_taken_once_each_with_its_record(tmp_path: Path) -> None:
    path = made(tmp_path)
    database = Database(path, KEY)
    more = [TABLE, Migration("days", ("ALTER TABLE notes ADD COLUMN day TEXT", "CREATE INDEX days ON notes (day)"))]
    assert migrate(database, NOW, more) == 1
    assert migrate(database, NOW, more) == 0
    rows = database.read(lambda c: c.execute("SELECT * FROM migrations").fetchall())
    assert rows == [(1, "notes", NOW.isoformat()), (2, "days", NOW.isoformat())]
    failing = [*more, Migration("broken", ("ALTER TABLE notes ADD COLUMN half TEXT", "SELECT * FROM nowhere"))]
    with pytest.raises(RecordsError):
        migrate(database, NOW, failing)
    assert version_of(database) == 2
    assert "half" not in str(database.read(lambda c: c.execute("SELECT sql FROM sqlite_master").fetchall()))
    database.close()


def test_a_database_of_a_later_version_is_refused_untouched(tmp_path: Path) -> None:
    path = made(tmp_path)
    database = Database(path, KEY)
    migrate(database, NOW, [TABLE, Migration("later", ())])
    database.close()
    before = path.read_bytes()
    database = Database(path, KEY)
    with pytest.raises(StoreNewer, match=r"version 2.*nothing was changed"):
        migrate(database, NOW, [TABLE])
    database.close()
    assert path.read_bytes() == before


def test_an_export_opens_with_the_new_key_alone(tmp_path: Path) -> None:
    database = Database(made(tmp_path), KEY)
    export(database, tmp_path / "other.db", OTHER)
    database.close()
    copy = Database(tmp_path / "other.db", OTHER)
    assert version_of(copy) == 1
    assert copy.read(lambda c: c.execute("SELECT count(*) FROM notes").fetchone()[0]) == 50
    assert copy.check() == []
    copy.close()
    with pytest.raises(StoreDamaged):
        Database(tmp_path / "other.db", KEY)


def test_another_program_that_knows_sqlcipher_s_format_reads_it(tmp_path: Path) -> None:
    """The oracle and the way out: SQLite3 Multiple Ciphers, where it is installed."""
    apsw = pytest.importorskip("apsw", reason="apsw-sqlite3mc is no dependency")
    connection = apsw.Connection(str(made(tmp_path)))
    for statement in ("cipher='sqlcipher'", "legacy=4", f"hexkey='{KEY.hex()}'"):
        connection.execute(f"PRAGMA {statement}")
    assert connection.execute("SELECT count(*) FROM notes").fetchall() == [(50,)]


def test_closing_while_others_ask_leaves_nobody_waiting(tmp_path: Path) -> None:
    database = Database(made(tmp_path), KEY)
    ended: list[str] = []

    def ask() -> None:
        try:
            while True:
                database.read(lambda c: c.execute("SELECT 1").fetchone())
        except StoreClosed:
            ended.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    database.close()
    for thread in threads:
        thread.join(timeout=10)
    assert ended == ["refused"] * 3
