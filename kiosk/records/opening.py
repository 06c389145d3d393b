"""Making a store and opening one; a set-up or a change of keys that was cut short is undone or finished here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from kiosk.clinical.operator import Operator
from kiosk.errors import RecordsError, StoreDamaged, StoreMissing
from kiosk.records import rows
from kiosk.records.audit import Audit, Event
from kiosk.records.database import FILE, WAL, Connection, Database, export
from kiosk.records.files import disk_errors, make_folder, sync_folder
from kiosk.records.images import Images
from kiosk.records.keys import KEY_BYTES, DataKey, DeviceSecret, Kdf, Purpose, words_of
from kiosk.records.migrations import MIGRATIONS, Migration, migrate
from kiosk.records.slots import Slots, operator_slot, recovery_slot
from kiosk.records.store import AUDIT_KEY, STORE_ID, Store, boottime_s, lock_folder, utc_now

NEXT_FILE = f"{FILE}.next"
"""The database under its next key, while the key is being changed."""


def set_up(
    folder: Path,
    administrator: Operator,
    pin: str,
    kdf: Kdf,
    device: DeviceSecret | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> str:
    """Make a store with its first operator; after a cut it is there whole, or not at all.

    Args:
        folder: where; not there yet, or empty.
        administrator: the first operator.
        pin: theirs.
        kdf: from `keys.calibrate`.
        device: what a stolen card lacks; None: nothing, and the PIN alone protects the store.
        clock: the time, with a zone.

    Returns:
        The 24 recovery words. They are nowhere else: show them once.

    Raises:
        RecordsError: there is a store already.
        StoreFull: no space is left.
        StoreUnwritable: the disk refuses.
    """
    half = folder.with_name(f"{folder.name}.half-made")
    with disk_errors(folder):
        if folder.exists() and any(folder.iterdir()):
            raise RecordsError(f"{folder} is not empty", "Name another folder")
        shutil.rmtree(half, ignore_errors=True)
        make_folder(half)
        Images.make_folders(half)
    key, store_id, words = DataKey.new(), os.urandom(16).hex(), words_of(os.urandom(KEY_BYTES))
    database = Database(half / FILE, key.subkey(Purpose.DATABASE), create=True)
    try:
        migrate(database, clock())
        database.write(lambda connection: _first_rows(connection, store_id, administrator, clock))
    finally:
        database.close()
    slots = [
        operator_slot(store_id, administrator.id, administrator.name, pin, kdf, device, [key]),
        recovery_slot(store_id, words, [key]),
    ]
    Slots.made(store_id, slots, [key]).write(half)
    with disk_errors(folder):
        sync_folder(half)
        half.rename(folder)
        sync_folder(folder.parent)
    return words


def open_store(
    folder: Path,
    keys: Sequence[DataKey],
    clock: Callable[[], datetime] = utc_now,
    boottime: Callable[[], float] = boottime_s,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> tuple[Store, DataKey]:
    """Open a store.

    Args:
        folder: of the store.
        keys: what `Slots.unlock` gave: two after a change of keys that was cut short, of which one fits.
        clock: the time, with a zone.
        boottime: seconds that nobody can set.
        migrations: the database's steps.

    Returns:
        The store, and the key that fits.

    Raises:
        StoreMissing: the database is gone.
        StoreDamaged: the database is damaged, or another store's.
        StoreInUse: another process has it.
        StoreNewer: a later version of the kiosk wrote it; nothing was changed.
    """
    lock = lock_folder(folder)
    try:
        database, key = _open_database(folder, keys)
        try:
            migrate(database, clock(), migrations)
            store = Store(folder, database, lock, clock, boottime)
            if len(keys) > 1:
                Slots.read(folder).holding([key]).write(folder)
            _remove_next(folder)
        except BaseException:
            database.close()
            raise
    except BaseException:
        os.close(lock)
        raise
    return store, key


def change_data_key(store: Store, key: DataKey) -> DataKey:
    """Put the whole database under a new data key, and close the store.

    A cut at any point leaves a store that every slot opens. Pictures keep their own keys, which lie in the database.
    Old copies of database and slots, in backups and in the card's spare blocks, still open with the old key.

    Returns:
        The new key, which every slot holds now.

    Raises:
        StoreFull: there is no space for a second database.
        StoreUnwritable: the disk refuses.
    """
    folder, new = store.folder, DataKey.new()
    try:
        store.note(Event.KEYS_CHANGED, "", detail="data key")
        _remove_next(folder)
        _export_checked(store.database, folder / NEXT_FILE, new)
        store.database.close()  # its write-ahead log must be gone before another database takes its name
        if (folder / WAL).exists():
            raise StoreDamaged(f"{folder / WAL} did not go", "Restart the kiosk and try again")
        with disk_errors(folder):
            sync_folder(folder)
            slots = Slots.read(folder)
            slots.holding([key, new]).write(folder)
            (folder / NEXT_FILE).rename(folder / FILE)
            sync_folder(folder)
        slots.holding([new]).write(folder)
    finally:
        store.close()
    return new


def _first_rows(connection: Connection, store_id: str, administrator: Operator, clock: Callable[[], datetime]) -> None:
    audit_key = os.urandom(KEY_BYTES)
    rows.put_fact(connection, STORE_ID, store_id.encode())
    rows.put_fact(connection, AUDIT_KEY, audit_key)
    rows.put_operator(connection, administrator)
    Audit(audit_key, clock, boottime_s).append(
        connection, Event.OPERATOR_CHANGED, administrator.id, administrator.id, f"set up {administrator.role}"
    )


def _open_database(folder: Path, keys: Sequence[DataKey]) -> tuple[Database, DataKey]:
    path = folder / FILE
    if not path.exists():
        raise StoreMissing(f"{path} is not there", "Restore the last backup: dermakiosk restore")
    for key in keys[:-1]:
        try:
            return Database(path, key.subkey(Purpose.DATABASE)), key
        except StoreDamaged:
            continue  # the other one, then
    return Database(path, keys[-1].subkey(Purpose.DATABASE)), keys[-1]


def _export_checked(database: Database, path: Path, key: DataKey) -> None:
    export(database, path, key.subkey(Purpose.DATABASE))
    copy = Database(path, key.subkey(Purpose.DATABASE))
    try:
        if wrong := copy.check():
            raise StoreDamaged(f"The copy under the new key is damaged ({wrong[0]})", "Check the disk; nothing changed")
    finally:
        copy.close()


def _remove_next(folder: Path) -> None:
    """Remove what a change of keys that was cut short has left."""
    with disk_errors(folder):
        for name in (NEXT_FILE, f"{NEXT_FILE}-wal", f"{NEXT_FILE}-journal"):
            (folder / name).unlink(missing_ok=True)
