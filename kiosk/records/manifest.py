"""What a backup holds: the manifest that names every file and its hash, signed where the store was open."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.errors import BackupError, RecordsError
from kiosk.records.audit import Head
from kiosk.records.files import canonical, read_document
from kiosk.records.keys import DataKey, Purpose

FILE = "manifest.json"
VERSION = 1
_MAX_FILES = 1_000_000
_INSIDE = re.compile(r"records-\d+\.db(-wal)?|slots-\d+\.json|images/([0-9a-f]{2})/\2[0-9a-f]{30}")


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        store_id: of the store that was copied.
        sequence: 1 for the first backup into that folder.
        made_at: with a time zone.
        examinations: how many there are; None where it was made while locked.
        head: of the audit chain; None where it was made while locked.
        files: path within the backup → SHA-256.
        mac: what authenticates the rest under the data key; empty where it was made while locked.
    """

    store_id: str
    sequence: int
    made_at: datetime
    examinations: int | None
    head: Head | None
    files: Mapping[str, str]
    mac: str = ""

    def to_json(self) -> dict[str, Any]:
        """The manifest as its file holds it, but for the mac."""
        return {
            "version": VERSION,
            "store_id": self.store_id,
            "sequence": self.sequence,
            "made_at": self.made_at.isoformat(),
            "examinations": self.examinations,
            "audit": None if self.head is None else {"count": self.head.count, "mac": self.head.mac},
            "files": dict(self.files),
        }

    def signed(self, key: DataKey) -> str:
        """What authenticates it under a data key."""
        return hmac.digest(key.subkey(Purpose.MANIFEST), canonical(self.to_json()), "sha256").hex()

    def database(self) -> str:
        """The database's path within the backup.

        Raises:
            BackupError: there is none.
        """
        return self._only(".db")

    def slots(self) -> str:
        """The slots' path within the backup.

        Raises:
            BackupError: there is none.
        """
        return self._only(".json")

    def _only(self, ending: str) -> str:
        found = [name for name in self.files if name.endswith(ending)]
        if len(found) != 1:
            raise BackupError(f"The backup has no single file that ends in {ending}", "Use another backup")
        return found[0]


def read_manifest(folder: Path) -> Manifest:
    """What the backup in a folder holds.

    Raises:
        BackupError: there is none, or it is damaged, or a later version of the kiosk made it.
    """
    path = folder / FILE
    damaged = BackupError(f"{path} is no manifest of a backup, or is damaged", "Use another backup")
    try:
        document = read_document(path)
    except RecordsError as error:
        raise damaged from error
    if document.get("version") != VERSION:
        raise BackupError(f"{path} is of version {document.get('version')}", "Update the kiosk first")
    try:
        manifest = _from_json(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged from error
    if len(manifest.files) > _MAX_FILES or not all(map(_INSIDE.fullmatch, manifest.files)):
        raise BackupError(f"{path} names files that no backup has", "Use another backup")
    return manifest


def _from_json(document: Mapping[str, Any]) -> Manifest:
    end = document["audit"]
    return Manifest(
        store_id=str(document["store_id"]),
        sequence=int(document["sequence"]),
        made_at=datetime.fromisoformat(document["made_at"]),
        examinations=document["examinations"],
        head=None if end is None else Head(int(end["count"]), str(end["mac"])),
        files={str(name): str(sha256) for name, sha256 in document["files"].items()},
        mac=str(document["mac"]),
    )


def check_signature(manifest: Manifest, key: DataKey) -> None:
    """See that a manifest is what a kiosk with this data key wrote.

    Raises:
        BackupError: it is not.
    """
    if not hmac.compare_digest(manifest.mac, manifest.signed(key)):
        raise BackupError("The manifest is not signed by this store", "Use another backup")
