"""Restoring a backup: every file is compared with the manifest, and the store is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from kiosk.errors import BackupError
from kiosk.records import database, slots
from kiosk.records.files import make_folder, sync_folder
from kiosk.records.images import FOLDER, Images
from kiosk.records.manifest import Manifest, read_manifest

_CHUNK_BYTES = 1 << 20


def restore(backup: Path, folder: Path, now: datetime, *, force: bool = False) -> Manifest:
    """Make a store from a backup; who opens it then checks the manifest's signature and the audit's end.

    Args:
        backup: the folder that holds the manifest.
        folder: of the store: not there, or empty.
        now: for the name of what is moved aside.
        force: a store that is there is moved aside, to `<folder>.replaced-<time>`; nothing is deleted.

    Returns:
        What was restored.

    Raises:
        BackupError: a file is missing or damaged, the disk refuses, or there is a store and `force` is False.
    """
    manifest = read_manifest(backup)
    there = folder.exists() and any(folder.iterdir())
    if there and not force:
        raise BackupError(
            f"{folder} holds a store, which may be newer than the backup of {manifest.made_at:%Y-%m-%d %H:%M}",
            "Look at both; --force moves the store aside",
        )
    half = folder.with_name(f"{folder.name}.half-restored")
    with _errors(folder):
        shutil.rmtree(half, ignore_errors=True)
        make_folder(half)
        Images.make_folders(half)
        for name, sha256 in manifest.files.items():
            _copy(backup / name, half / _place(name, manifest), sha256)
        for path in (*(half / FOLDER).iterdir(), half):
            sync_folder(path)
        if there:
            folder.rename(folder.with_name(f"{folder.name}.replaced-{now:%Y%m%dT%H%M%S}"))
        half.rename(folder)
        sync_folder(folder.parent)
    return manifest


def _place(name: str, manifest: Manifest) -> str:
    """Where a backup's file lies in a store."""
    return {
        manifest.database(): database.FILE,
        f"{manifest.database()}-wal": database.WAL,
        manifest.slots(): slots.FILE,
    }.get(name, name)


def _copy(source: Path, target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as original, target.open("xb") as copy:
        while chunk := original.read(_CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != sha256:
        raise BackupError(f"{source} is damaged", "Use another backup")


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = error.filename or folder
        raise BackupError(
            f"{what} cannot be used ({error.strerror})", "Use another backup, or check the disk"
        ) from error
