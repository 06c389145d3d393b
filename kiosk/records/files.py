"""Files that are whole or not there after a power cut, and documents that prove themselves."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.errors import RecordsError, StoreDamaged, StoreFull, StoreMissing, StoreUnwritable

_CHECKSUM = "sha256"
_MAX_DOCUMENT_BYTES = 64 << 20


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file: after a cut it holds the old content or the new one, and the new one once this has returned.

    Raises:
        StoreFull: no space is left.
        StoreUnwritable: the disk refuses.
    """
    with disk_errors(path):
        temporary = path.with_name(f"{path.name}.part")
        write_synced(temporary, content, os.O_TRUNC)
        temporary.replace(path)
        sync_folder(path.parent)


def write_synced(path: Path, content: bytes, flags: int = os.O_EXCL) -> None:
    """Write a file and wait until it is on the disk; its folder is not synced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o600)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write every byte: the system may take fewer at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, and wait until its name is on the disk."""
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """The system's errors as ours, naming the file."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def disk_error(path: Path, error: OSError) -> RecordsError:
    """What an error of the system means for the store."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"No space is left for {path.name}", "Make a backup and delete what need not be kept")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StoreMissing(f"{error.filename or path} is not there", "Restore the last backup: dermakiosk restore")
    return StoreUnwritable(f"{path} cannot be used ({error.strerror})", "Check the disk: dermakiosk doctor")


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON object with its own SHA-256, atomically.

    Raises:
        StoreFull: no space is left.
        StoreUnwritable: the disk refuses.
    """
    body = {key: value for key, value in document.items() if key != _CHECKSUM}
    body[_CHECKSUM] = checksum(body)
    write_atomically(path, json.dumps(body, indent=1).encode())


def read_document(path: Path) -> dict[str, Any]:
    """Read what `write_document` wrote, without its checksum.

    Raises:
        StoreMissing: it is not there.
        StoreDamaged: a byte of it changed.
        StoreUnwritable: the disk fails.
    """
    damaged = StoreDamaged(f"{path} is damaged", "Restore the last backup: dermakiosk restore")
    with disk_errors(path), path.open("rb") as file:
        content = file.read(_MAX_DOCUMENT_BYTES + 1)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise damaged from error
    if not isinstance(document, dict) or document.pop(_CHECKSUM, None) != checksum(document):
        raise damaged
    return document


def checksum(document: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object, whatever the order of its keys."""
    return hashlib.sha256(canonical(document)).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one spelling of a JSON object that is hashed and authenticated."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
