"""Pictures as sealed files: one key each, which the database holds; whoever destroys the key has deleted the picture.

`images/<first two digits>/<32 digits>`: a header, a nonce, then ChaCha20-Poly1305 with the examination's id as
associated data. A file is on the disk before its row is; a file without a row is an orphan of a cut and is swept at the
next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from kiosk.errors import StoreDamaged, StoreMissing
from kiosk.records.files import disk_errors, make_folder, sync_folder, write_synced
from kiosk.records.keys import KEY_BYTES, NONCE_BYTES

FOLDER = "images"
MAGIC = b"dermakiosk sealed picture 1\n"
MAX_BYTES = 64 << 20
_NAME = re.compile(r"[0-9a-f]{32}")
_TAG_BYTES = 16
OVERHEAD_BYTES = len(MAGIC) + NONCE_BYTES + _TAG_BYTES


@dataclass(frozen=True)
class Sealed:
    """A sealed file.

    Attributes:
        name: 32 hexadecimal digits.
        key: 32 bytes that open it.
        sha256: of the file as it lies on the disk.
        size_bytes: of that file.
    """

    name: str
    key: bytes = field(repr=False)
    sha256: str
    size_bytes: int


class Images:
    """The sealed files of one store. Any thread may use it."""

    def __init__(self, store: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        """Use the files in a store's folder."""
        self.folder = store / FOLDER
        self._random = random_bytes
        self._mine: set[str] = set()  # sealed by this process: their rows may still be on their way

    @staticmethod
    def make_folders(store: Path) -> None:
        """Make all 257 folders, so that no save has to."""
        folder = store / FOLDER
        make_folder(folder)
        for number in range(256):
            (folder / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder)

    def path(self, name: str) -> Path:
        """Where a file lies.

        Raises:
            ValueError: nothing that `seal` named.
        """
        if not _NAME.fullmatch(name):
            raise ValueError("a sealed picture's name is 32 hexadecimal digits")
        return self.folder / name[:2] / name

    def seal(self, content: bytes, examination_id: str) -> Sealed:
        """Write a picture under a key of its own; it is on the disk when this returns.

        Raises:
            ValueError: no content, or more than `MAX_BYTES`.
            StoreFull: no space is left.
            StoreUnwritable: the disk refuses.
        """
        if not 0 < len(content) <= MAX_BYTES:
            raise ValueError(f"a picture has 1 to {MAX_BYTES} bytes, not {len(content)}")
        name, key, nonce = self._random(16).hex(), self._random(KEY_BYTES), self._random(NONCE_BYTES)
        sealed = MAGIC + nonce + ChaCha20Poly1305(key).encrypt(nonce, content, examination_id.encode())
        path = self.path(name)
        self._mine.add(name)
        try:
            with disk_errors(path):
                write_synced(path, sealed)
                sync_folder(path.parent)
        except BaseException:
            self.remove(name)
            raise
        return Sealed(name, key, hashlib.sha256(sealed).hexdigest(), len(sealed))

    def open(self, name: str, key: bytes, examination_id: str) -> bytes:
        """The picture in a sealed file.

        Raises:
            StoreMissing: the file is gone.
            StoreDamaged: it is not what was written.
            StoreUnwritable: the disk fails.
        """
        path = self.path(name)
        try:
            with disk_errors(path), path.open("rb") as file:
                sealed = file.read(MAX_BYTES + OVERHEAD_BYTES + 1)
        except StoreMissing as error:
            raise StoreMissing(f"The picture {path} is gone", "Restore the last backup: dermakiosk restore") from error
        damaged = StoreDamaged(f"The picture {path} is damaged", "Restore the last backup: dermakiosk restore")
        if not sealed.startswith(MAGIC):
            raise damaged
        nonce, ciphertext = sealed[len(MAGIC) :][:NONCE_BYTES], sealed[len(MAGIC) + NONCE_BYTES :]
        try:
            return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, examination_id.encode())
        except (InvalidTag, ValueError) as error:
            raise damaged from error

    def remove(self, name: str) -> None:
        """Remove a file whose key is destroyed, where it is there; what cannot be removed now is swept later."""
        with contextlib.suppress(OSError):
            self.path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Every sealed file's name."""
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir():
                yield from (entry.name for entry in os.scandir(folder) if _NAME.fullmatch(entry.name))

    def sweep(self, on_disk: Collection[str], known: Collection[str]) -> list[str]:
        """Remove files that no row knows.

        Args:
            on_disk: what `names` gave before `known` was asked for.
            known: the names in the database.

        Returns:
            The names that were removed.
        """
        orphans = sorted(set(on_disk) - set(known) - self._mine)
        for name in orphans:
            self.remove(name)
        return orphans
