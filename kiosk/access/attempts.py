"""Wrong PINs, counted on the disk before a PIN is checked, so that pulling the plug gains nothing.

After five in a row an operator waits, longer each time. The wait runs by the machine's own time since its start, which
nobody can set; after a restart it begins anew. What failed while the store was locked waits here for its audit line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.errors import OperatorLocked, StoreDamaged, StoreMissing
from kiosk.records.files import read_document, write_document

FILE = "attempts.json"
FREE_TRIES = 5
FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 3600.0
MOST_PENDING = 1000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Tries:
    """An operator's wrong PINs in a row.

    Attributes:
        failed: how many.
        wait_s: from `since_s` on; 0: none.
        since_s: seconds since the machine started.
        boot_id: of that start.
    """

    failed: int = 0
    wait_s: float = 0.0
    since_s: float = 0.0
    boot_id: str = ""


def boot_id() -> str:
    """What tells this start of the machine from others."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


class Attempts:
    """The counts of one store. One thread at a time uses it."""

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], boottime: Callable[[], float], this_boot: str
    ) -> None:
        """Read the counts in a store's folder.

        Where the file is damaged, everybody has had their free tries: who damages it gains nothing.
        """
        self._path = folder / FILE
        self._clock = clock
        self._boottime = boottime
        self._boot_id = this_boot
        self._default = Tries()
        self._tries: dict[str, Tries] = {}
        self._pending: list[dict[str, str]] = []
        try:
            self._load(read_document(self._path))
        except StoreMissing:
            pass  # nobody has failed yet
        except (StoreDamaged, KeyError, TypeError, ValueError, AttributeError):
            self._default = Tries(FREE_TRIES, FIRST_WAIT_S, boottime(), this_boot)
            self._note("attempts damaged", "")

    def wait_s(self, operator_id: str) -> float:
        """Seconds until the operator's next try; 0: now."""
        tries = self._of(operator_id)
        if tries.wait_s == 0.0:
            return 0.0
        if tries.boot_id != self._boot_id:
            # nobody knows how long the machine was off: the wait begins anew, and that is on the disk
            self._tries[operator_id] = replace(tries, since_s=self._boottime(), boot_id=self._boot_id)
            self._write()
            return tries.wait_s
        return max(0.0, tries.since_s + tries.wait_s - self._boottime())

    def count(self, operator_id: str) -> int:
        """Count a try as failed; it is on the disk when this returns.

        Returns:
            How many have failed in a row, this one among them.

        Raises:
            OperatorLocked: the wait is not over: nothing is counted, and nothing may be checked.
            StoreFull: it could not be counted: nothing may be checked.
            StoreUnwritable: the same.
        """
        if (wait_s := self.wait_s(operator_id)) > 0:
            raise OperatorLocked("Too many wrong PINs", f"Try again in {wait_s:.0f} s", wait_s)
        failed = self._of(operator_id).failed + 1
        over = failed - FREE_TRIES
        wait_s = 0.0 if over < 0 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 16))
        self._tries[operator_id] = Tries(failed, wait_s, self._boottime(), self._boot_id)
        self._note("wrong PIN" if wait_s == 0 else "wrong PIN, locked", operator_id)
        self._write()
        return failed

    def clear(self, operator_id: str) -> None:
        """The PIN was right: forget the operator's count, and the note of this try."""
        if self._pending and self._pending[-1]["operator"] == operator_id:
            self._pending.pop()
        self._tries[operator_id] = Tries()
        self._write()

    def note(self, what: str) -> None:
        """Let something that happened while the store was locked wait for its audit line.

        Raises:
            StoreFull: it could not be noted.
            StoreUnwritable: the same.
        """
        self._note(what, "")
        self._write()

    def pending(self) -> list[Mapping[str, str]]:
        """What waits for its audit line, oldest first: when ("at"), what ("what"), who ("operator")."""
        return list(self._pending)

    def audited(self) -> None:
        """What was pending has its audit lines."""
        if self._pending:
            self._pending = []
            self._write()

    def _of(self, operator_id: str) -> Tries:
        return self._tries.get(operator_id, self._default)

    def _note(self, what: str, operator_id: str) -> None:
        at = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        self._pending = [*self._pending, {"at": at, "what": what, "operator": operator_id}][-MOST_PENDING:]

    def _load(self, document: Mapping[str, Any]) -> None:
        self._tries = {
            str(who): Tries(int(t["failed"]), float(t["wait_s"]), float(t["since_s"]), str(t["boot_id"]))
            for who, t in document["operators"].items()
        }
        self._pending = [
            {"at": str(each["at"]), "what": str(each["what"]), "operator": str(each["operator"])}
            for each in document["pending"]
        ]

    def _write(self) -> None:
        operators = {
            who: {"failed": t.failed, "wait_s": t.wait_s, "since_s": t.since_s, "boot_id": t.boot_id}
            for who, t in self._tries.items()
        }
        write_document(self._path, {"version": 1, "operators": operators, "pending": self._pending})
