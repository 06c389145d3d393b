"""What is recorded: save, migrate, change the key, back up. `python -m benchmarks.crash.workload ROOT WORDS MODE`.

Every acknowledged step leaves a mark in the record. MODE is `whole`; `normal` or `unsynced`, which plant a fault that
the replay must find; or `failing`, in which the disk refuses one call after another.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.record_samples import ADMINISTRATOR, examination, picture
from edge_models.triage import AdviceLevel
from kiosk.clinical.examination import ClinicalVerdict, Phase
from kiosk.errors import RecordsError
from kiosk.records import database, images
from kiosk.records.backup import back_up
from kiosk.records.keys import DataKey
from kiosk.records.migrations import MIGRATIONS, Migration
from kiosk.records.opening import change_data_key, open_store
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import Store

LATER = (
    *MIGRATIONS,
    Migration(
        "a step of a later version",
        (
            "ALTER TABLE patients ADD COLUMN note TEXT",
            "UPDATE patients SET note = code",
            "CREATE INDEX by_note ON patients (note)",
        ),
    ),
)
STORE, STICK = "records", "stick"
MODES = ("whole", "normal", "unsynced", "failing")
PICTURE_BYTES = 20_000
FAILING_CALLS = 24


class Workload:
    """One run on one store."""

    def __init__(self, root: Path, words: str) -> None:
        """Work on the store in `root`, whose recovery words are known."""
        self.root = root
        self._words = words
        self._chance = random.Random(7)  # noqa: S311 - no secret
        self._number = 0
        self.store, self.key = self.opened(MIGRATIONS)

    def opened(self, migrations: Sequence[Migration]) -> tuple[Store, DataKey]:
        """As a kiosk that starts."""
        folder = self.root / STORE
        store, key = open_store(folder, Slots.read(folder).unlock(RECOVERY, self._words, None), migrations=migrations)
        store.sweep()
        return store, key

    def mark(self, text: str) -> None:
        """Note something in the record."""
        with contextlib.suppress(OSError):
            os.unlink(f"{self.root}/.mark/{text}")  # noqa: PTH108 - recorder.c looks for this very call

    def save(self, count: int) -> list[str]:
        """Save some examinations."""
        ids: list[str] = []
        for _ in range(count):
            made = examination(self._chance, self._number, patients=3)
            self._number += 1
            ids.append(self.store.save(made, picture(made.id, PICTURE_BYTES)))
            self.mark(f"saved:{made.id}")
        return ids

    def run(self) -> None:
        """All of it."""
        first = self.save(5)
        verdict = ClinicalVerdict(
            Phase.AFTER, AdviceLevel.ROUTINE, None, ADMINISTRATOR.id, examination(self._chance, 0).examined_at
        )
        self.store.add_verdict(first[0], verdict)
        self.mark(f"judged:{first[0]}")
        self.mark(f"deleting:{first[1]}")
        self.store.delete(first[1], ADMINISTRATOR.id, "test")
        self.mark(f"deleted:{first[1]}")
        self.store.close()
        self.store, self.key = self.opened(LATER)
        self.mark("migrated")
        self.save(3)
        for _ in range(2):
            change_data_key(self.store, self.key)
            self.mark("key_changed")
            self.store, self.key = self.opened(LATER)
            self.save(2)
            report = back_up(self.store, self.key, self.root / STICK, ADMINISTRATOR.id)
            self.mark(f"backed_up:{report.manifest.sequence}")
            self.save(1)
        self.store.close()

    def run_failing(self) -> str:
        """Save while one call after another fails; the store must go on as soon as the disk does.

        Returns:
            How many failed in words, and what was lost.
        """
        kept, refused = self.save(1), 0
        for number in (errno.ENOSPC, errno.EIO):
            for call in range(1, FAILING_CALLS + 1):
                self.mark(f"fail:{call}:{number}")
                try:
                    kept += self.save(1)
                except RecordsError:
                    refused += 1
                finally:
                    self.mark("fail:0:0")
                kept += self.save(1)
        self.store.close()
        self.store, self.key = self.opened(MIGRATIONS)
        lost = [each for each in kept if self.store.picture(each) != picture(each, PICTURE_BYTES)]
        for each in kept:
            self.store.examination(each, ADMINISTRATOR.id)
        self.store.verify_audit()
        wrong = self.store.database.check() + self.store.sweep()[1]
        self.store.close()
        return f"refused {refused}, kept {len(kept)}, lost {len(lost)}, wrong {len(wrong)}"


def _plant(mode: str) -> None:
    """Plant a fault that the replay must find."""
    if mode == "normal":
        settings = tuple(each.replace("= FULL", "= NORMAL") for each in database.SETTINGS)
        setattr(database, "SETTINGS", settings)  # noqa: B010 - a fault on purpose
    elif mode == "unsynced":
        setattr(images, "write_synced", lambda path, content: path.write_bytes(content))  # noqa: B010 - the same


def main() -> None:
    """Run, as the command line says."""
    root, words, mode = sys.argv[1:]
    _plant(mode)
    workload = Workload(Path(root), words)
    if mode == "failing":
        print(workload.run_failing())
    else:
        workload.run()


if __name__ == "__main__":
    main()
