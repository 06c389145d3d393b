"""Backups: a copy of the ciphertext under the same slots, with a manifest that names every file and its hash.

While the store is open, its thread moves everything into the main file and leaves that alone until it is copied, so
examinations are saved meanwhile. While nobody has unlocked it, database and write-ahead log are copied as they lie.
New sealed pictures are copied; older ones are there already, and never change. The manifest is written last, so a cut
leaves the backup before whole. Every new file is read back past the page cache and compared.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.errors import BackupError, RecordsError, StoreDamaged, StoreMissing
from kiosk.records import audit
from kiosk.records.audit import Event, Head
from kiosk.records.database import FILE, WAL, Connection
from kiosk.records.files import disk_errors, read_document, write_document
from kiosk.records.images import FOLDER, Images
from kiosk.records.keys import DataKey
from kiosk.records.manifest import FILE as MANIFEST
from kiosk.records.manifest import Manifest, read_manifest
from kiosk.records.slots import FILE as SLOTS
from kiosk.records.slots import Slots
from kiosk.records.store import Store, lock_folder, utc_now

LAST = "last_backup.json"
"""In the store's folder, readable while it is locked: where the last good backup went, and when."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Report:
    """What a backup came to.

    Attributes:
        folder: the store's own within the target.
        copied_bytes: what was new, and was read back.
    """

    folder: Path
    manifest: Manifest
    copied_files: int
    copied_bytes: int


def back_up(store: Store, key: DataKey, target: Path, by: str, clock: Callable[[], datetime] = utc_now) -> Report:
    """Copy an open store into a folder, as a rule on a stick.

    Raises:
        BackupError: the target cannot be used, or what was read back is not what was written.
        StoreDamaged: a picture of the store is damaged.
    """
    copy = _Copy(store.folder, target, store.id)
    database = copy.next_name(FILE)
    try:
        size, (head, count, pictures) = store.database.hold(_what_is_kept)
        try:
            copy.write(database, _chunks_of_open(store, size))
        finally:
            store.database.release()
        copy.slots()
        for name, sha256 in pictures.items():
            try:
                copy.picture(store.images, name, sha256)
            except StoreMissing:
                if store.database.read(lambda connection, n=name: _is_known(connection, n)):  # type: ignore[misc]
                    raise
        report = copy.finish(clock(), count, head, key)
    finally:
        copy.release()
    detail = f"{count} examinations, head {head.count} {head.mac}"
    store.note(Event.BACKED_UP, by, detail=detail)
    return report


def back_up_locked(store: Path, target: Path, clock: Callable[[], datetime] = utc_now) -> Report:
    """Copy a store that nobody has unlocked: ciphertext, unsigned; its pages and pictures prove themselves when opened.

    Raises:
        BackupError: the target cannot be used, or what was read back is not what was written.
        StoreInUse: it is open.
    """
    lock = lock_folder(store)
    try:
        copy = _Copy(store, target, Slots.read(store).store_id)
        try:
            for name in (FILE, WAL):
                if (store / name).exists():
                    copy.write(copy.next_name(name), _chunks(store / name))
                elif name == FILE:
                    raise StoreMissing(f"{store / name} is not there", "Restore the last backup")
            copy.slots()
            images = Images(store)
            for name in images.names():
                copy.picture(images, name, None)
            return copy.finish(clock(), None, None, None)
        finally:
            copy.release()
    finally:
        os.close(lock)


def last_backup(store: Path) -> tuple[Path, datetime] | None:
    """Where the last good backup of a store went, and when; None where there is none, or nobody knows."""
    try:
        document = read_document(store / LAST)
        return Path(document["folder"]), datetime.fromisoformat(document["made_at"])
    except (RecordsError, KeyError, TypeError, ValueError):
        return None


class _Copy:
    """One backup on its way."""

    def __init__(self, store: Path, target: Path, store_id: str) -> None:
        self._store = store
        self._store_id = store_id
        self.folder = target / f"dermakiosk-{store_id[:8]}"
        self._files: dict[str, str] = {}
        self._new: list[str] = []
        self._bytes = 0
        with _target_errors(target):
            if target.resolve().is_relative_to(store.resolve()):
                raise BackupError(f"{target} lies within the store", "Name a folder on a stick")
            self.folder.mkdir(mode=0o700, exist_ok=True)
            Images.make_folders(self.folder)
            self._lock = lock_folder(self.folder)
        self._before: Manifest | None = None
        if (self.folder / MANIFEST).exists():
            before = read_manifest(self.folder)
            if before.store_id != store_id:
                raise BackupError(f"{self.folder} holds another store's backup", "Name another folder")
            self._before = before
        self._sequence = 1 if self._before is None else self._before.sequence + 1

    def next_name(self, name: str) -> str:
        """A name that the backup before does not use."""
        stem, _, ending = name.partition(".")
        return f"{stem}-{self._sequence}.{ending}"

    def release(self) -> None:
        """Let another backup use the folder."""
        os.close(self._lock)

    def write(self, name: str, chunks: Iterator[bytes], expected: str | None = None) -> None:
        """Copy one file, by its path within the backup.

        Raises:
            StoreDamaged: its hash is not the expected one.
        """
        digest = hashlib.sha256()
        path = self.folder / name
        with _target_errors(path), path.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
                self._bytes += len(chunk)
        if expected not in (None, digest.hexdigest()):
            raise StoreDamaged(f"The picture {name} is damaged", "Restore the last backup: dermakiosk restore")
        self._files[name] = digest.hexdigest()
        self._new.append(name)

    def slots(self) -> None:
        """Copy the slots."""
        content = (self._store / SLOTS).read_bytes()
        self.write(self.next_name(SLOTS), iter((content,)))

    def picture(self, images: Images, name: str, sha256: str | None) -> None:
        """Copy a sealed picture, where the backup before did not."""
        place = f"{FOLDER}/{name[:2]}/{name}"
        known = self._before.files.get(place) if self._before else None
        source = images.path(name)
        if known is not None and sha256 in (None, known) and _size(self.folder / place) == _size(source):
            self._files[place] = known
            return
        self.write(place, _chunks(source), sha256)

    def finish(self, now: datetime, count: int | None, head: Head | None, key: DataKey | None) -> Report:
        """Get it all onto the disk, read it back, and let the manifest name it."""
        with _target_errors(self.folder):
            _sync_all(self._lock)
            for name in self._new:
                if _read_back(self.folder / name) != self._files[name]:
                    raise BackupError(f"{self.folder / name} is not what was written", "Use another stick")
            manifest = Manifest(self._store_id, self._sequence, now, count, head, self._files)
            mac = "" if key is None else manifest.signed(key)
            write_document(self.folder / MANIFEST, {**manifest.to_json(), "mac": mac})
            self._remove_old()
        write_document(self._store / LAST, {"folder": str(self.folder), "made_at": now.isoformat()})
        return Report(self.folder, read_manifest(self.folder), len(self._new), self._bytes)

    def _remove_old(self) -> None:
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in (*self._files, MANIFEST):
                path.unlink()
        images = Images(self.folder)
        images.sweep(set(images.names()), {name.rpartition("/")[2] for name in self._files if "/" in name})


def _what_is_kept(connection: Connection) -> tuple[Head, int, dict[str, str]]:
    (count,) = connection.execute("SELECT count(*) FROM examinations").fetchone()
    return audit.head(connection), count, dict(connection.execute("SELECT file, sha256 FROM pictures").fetchall())


def _is_known(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pictures WHERE file = ?", (name,)).fetchone() is not None


def _chunks_of_open(store: Store, size: int) -> Iterator[bytes]:
    for offset in range(0, size, _CHUNK_BYTES):
        yield store.database.pread(min(_CHUNK_BYTES, size - offset), offset)


def _chunks(path: Path) -> Iterator[bytes]:
    with disk_errors(path), path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _read_back(path: Path) -> str:
    """SHA-256 of a file as the disk gives it: its pages in memory are dropped first."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        digest = hashlib.sha256()
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            digest.update(chunk)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return digest.hexdigest()
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    """In bytes; -1 where it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _sync_all(descriptor: int) -> None:
    """Wait until the whole file system of an open folder is on its disk (`syncfs(2)`): one wait for all files."""
    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _target_errors(path: Path) -> Iterator[None]:
    """The system's errors at the target as ours."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{path} cannot be written ({error.strerror})", "Use another stick") from error
