"""The encrypted database: the only file that speaks to SQLCipher, and the only thread that uses the connection.

SQLCipher makes a plaintext database where it is given no key, and takes a malformed key for a passphrase. So a key here
is 32 bytes that one function spells as SQLCipher's raw key, and the file's first bytes are looked at.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from sqlcipher3 import dbapi2

from kiosk.errors import (
    RecordsError,
    StoreClosed,
    StoreDamaged,
    StoreFull,
    StoreInUse,
    StoreMissing,
    StoreUnwritable,
)
from kiosk.records import wal
from kiosk.records.files import disk_errors, sync_folder
from kiosk.records.keys import KEY_BYTES

FILE = "records.db"
WAL = f"{FILE}-wal"
SETTINGS = (
    "PRAGMA cipher_log_level = NONE",  # failed pages would go to stderr
    "PRAGMA locking_mode = EXCLUSIVE",  # before WAL: no shared memory, and a second process is refused
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk when it returns
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)
"""Said to every connection, after the key."""
LOST = ".changes-lost"
"""Ending of a file that stands beside a database of which acknowledged changes are lost: it is not opened again."""
PLAIN_HEADER = b"SQLite format 3\0"
"""The first bytes of a database that is not encrypted."""

T = TypeVar("T")
Row: TypeAlias = Any
"""A tuple whose values have the types of their columns."""
Untyped: TypeAlias = Any
"""What comes from sqlcipher3, which publishes no types."""


class Cursor(Protocol):
    """What a statement gives."""

    lastrowid: int
    rowcount: int

    def fetchone(self) -> Row:
        """The next row; None after the last."""

    def fetchall(self) -> list[Row]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Row]: ...


class Connection(Protocol):
    """What other files may do with the connection, on its own thread."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, values: Iterable[Sequence[object]]) -> Cursor:
        """Run one statement for each of some values."""


class Database:
    """An open database with its thread; close it.

    Every method may be called from any thread.
    """

    def __init__(self, path: Path, key: bytes, *, create: bool = False) -> None:
        """Open it.

        Args:
            path: the main file.
            key: 32 bytes.
            create: make it; else it must be there.

        Raises:
            StoreMissing: it is not there.
            StoreDamaged: it is not encrypted, is damaged, or has another key.
            StoreInUse: another process has it.
            StoreUnwritable: the disk refuses.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a database's key has {KEY_BYTES} bytes")
        self.path = path
        self._descriptor = -1
        self._jobs: queue.SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        if not create:
            check_header(path)
            if (lost := path.with_name(f"{path.name}{LOST}")).exists():
                raise StoreDamaged(
                    f"{path.name} has lost changes that were saved",
                    f"Restore the last backup; or delete {lost.name} to go on with what is left",
                )
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(key, create, opened), name="records", daemon=True)
        self._thread.start()
        opened.result()

    def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job on the database's thread outside a transaction.

        Raises:
            RecordsError: as the database's errors mean.
        """
        return self._submit(job).result()

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in one transaction: all of it is on the disk when this returns, or nothing of it.

        Raises:
            RecordsError: as the database's errors mean.
        """

        def transaction(connection: Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = job(connection)
                connection.execute("COMMIT")
            except BaseException:
                if cast("Any", connection).in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._submit(transaction).result()

    def check(self) -> list[str]:
        """What is wrong with its pages, a line each; empty: nothing. Reads all of it.

        `cipher_integrity_check` looks at the main file alone. After a power cut in the middle of a checkpoint pages of
        it may be torn, and whole in the write-ahead log: so that is moved into the main file first.
        """

        def job(connection: Connection) -> list[str]:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            found = [str(line) for (line,) in connection.execute("PRAGMA cipher_integrity_check")]
            if not found:
                try:
                    lines = [str(line) for (line,) in connection.execute("PRAGMA integrity_check")]
                except dbapi2.DatabaseError as error:
                    return [str(error)]
                found = [line for line in lines if line != "ok"]
            return found

        return self.read(job)

    def hold(self, job: Callable[[Connection], T]) -> tuple[int, T]:
        """Move everything into the main file, which later writes leave alone until `release`, and run a job on it.

        Returns:
            The main file's size in bytes, which is a whole database as the job saw it; and what the job gave.
        """

        def held(connection: Connection) -> tuple[int, T]:
            connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise StoreInUse("The database is busy", "Try again")
            return os.fstat(self._descriptor).st_size, job(connection)

        return self.read(held)

    def release(self) -> None:
        """End what `hold` began."""
        self.read(lambda connection: connection.execute("PRAGMA wal_autocheckpoint = 1000").fetchone())

    def pread(self, size: int, offset: int) -> bytes:
        """Ciphertext of the main file, between `hold` and `release`.

        A file of its own may not be opened for it: closing that would drop the database's lock (POSIX).
        """
        with disk_errors(self.path):
            return os.pread(self._descriptor, size, offset)

    def close(self) -> None:
        """Finish what was asked for, and close."""
        if not self._closed.is_set():
            self._closed.set()
            self._jobs.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _submit(self, job: Callable[[Connection], T]) -> Future[T]:
        if self._closed.is_set():
            raise StoreClosed("The records are closed", "Log in again")
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def _run(self, key: bytes, create: bool, opened: Future[None]) -> None:
        try:
            log = wal.read(self.path.with_name(f"{self.path.name}-wal"))
            connection = _connect(self.path, key, create=create)
            try:
                _check_log(connection, log, self.path)
            except BaseException:
                connection.close()
                raise
            # kept open as long as the connection: see `pread`
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            check_header(self.path, self._descriptor)
        except BaseException as error:  # noqa: BLE001 - whoever opens it gets it
            opened.set_exception(_ours(error, self.path))
            self._closed.set()
            return
        opened.set_result(None)
        while (next_job := self._jobs.get()) is not None:
            job, future = next_job
            try:
                future.set_result(job(connection))
            except BaseException as error:  # noqa: BLE001 - whoever asked gets it
                future.set_exception(_ours(error, self.path))
        try:
            connection.close()
        except dbapi2.Error:
            pass  # every commit is on the disk already
        finally:
            os.close(self._descriptor)
            self._fail_rest()

    def _fail_rest(self) -> None:
        """Jobs that came while it closed are refused, never left waiting."""
        while not self._jobs.empty():
            if (late := self._jobs.get()) is not None:
                late[1].set_exception(StoreClosed("The records are closed", "Log in again"))


def check_header(path: Path, descriptor: int | None = None) -> None:
    """See that a database is there and is no plaintext one.

    Raises:
        StoreMissing: it is not there.
        StoreDamaged: it is empty, or not encrypted.
    """
    if descriptor is None:
        with disk_errors(path), path.open("rb") as file:
            first = file.read(len(PLAIN_HEADER))
    else:
        first = os.pread(descriptor, len(PLAIN_HEADER), 0)
    if first == PLAIN_HEADER:
        raise StoreDamaged(f"{path} is not encrypted: the kiosk did not write it", "Restore the last backup")
    if len(first) < len(PLAIN_HEADER):
        raise StoreDamaged(f"{path} is cut short", "Restore the last backup: dermakiosk restore")


def export(database: Database, target: Path, key: bytes) -> None:
    """Write the whole database into a new file under another key, and wait until it is on the disk.

    Args:
        database: is only read.
        target: the new file; it must not be there.
        key: 32 bytes, of the new file.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a database's key has {KEY_BYTES} bytes")

    def job(connection: Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute(f"ATTACH DATABASE ? AS target KEY \"x'{key.hex()}'\"", (str(target),))
        try:
            connection.execute("SELECT sqlcipher_export('target')").fetchone()
            connection.execute(f"PRAGMA target.user_version = {version}")
        finally:
            connection.execute("DETACH DATABASE target")

    database.read(job)
    check_header(target)
    with disk_errors(target):
        descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(target.parent)


def _connect(path: Path, key: bytes, *, create: bool) -> Untyped:
    mode = "rwc" if create else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = dbapi2.connect(uri, uri=True, timeout=0.0, isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for setting in SETTINGS:
            connection.execute(setting).fetchall()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if create:
            connection.execute("CREATE TABLE born (day INTEGER)")  # the header is written with the first page
            connection.execute("DROP TABLE born")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            sync_folder(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_log(connection: Untyped, log: wal.Log, path: Path) -> None:
    """See that SQLite read every acknowledged transaction of the log that it found."""
    _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if lost := log.lost_after(max(0, frames)):
        path.with_name(f"{path.name}{LOST}").touch()
        raise StoreDamaged(
            f"{path.name}-wal was damaged: {lost} or more of the newest changes are lost", "Restore the last backup"
        )


def _ours(error: BaseException, path: Path) -> BaseException:
    """SQLite's errors as ours; every other error as it is."""
    if not isinstance(error, dbapi2.Error):
        return error
    words = str(error)
    ours: RecordsError
    if "locked" in words:
        ours = StoreInUse(f"Another program has {path}", "Stop it: sudo systemctl stop dermakiosk")
    elif "full" in words:
        ours = StoreFull("No space is left for the records", "Make a backup and delete what need not be kept")
    elif "unable to open" in words and not path.exists():
        ours = StoreMissing(f"{path} is not there", "Restore the last backup: dermakiosk restore")
    elif "I/O" in words or "readonly" in words or "unable to open" in words:
        ours = StoreUnwritable(f"{path} cannot be used ({words})", "Check the disk: dermakiosk doctor")
    elif "not a database" in words or "malformed" in words:
        ours = StoreDamaged(
            f"{path} is damaged, or another key wrote it", "Restore the last backup: dermakiosk restore"
        )
    else:
        ours = RecordsError(f"The records refuse this ({words})", "Report it with the service's log")
    ours.__cause__ = error
    return ours
