"""The audit chain: who did what, in order of sequence; a line that was changed, removed or put between shows.

Every line has an HMAC-SHA256 over the line before and itself. A chain does not show that its end was cut off: count and
head stand on every export and backup, so that somebody can compare.
Event codes are DICOM's (PS3.16, CID 400) where it has one.
"""

from __future__ import annotations

import csv
import hmac
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from kiosk.errors import StoreDamaged
from kiosk.records.database import Connection
from kiosk.records.files import canonical

CLOCK_SLACK_S = 120.0
"""A clock that differs by more from what it should say has been set."""
NOBODY = ""
"""The operator of what the kiosk did by itself."""
_START = bytes(32)
_PAGE = 5000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Event(Enum):
    """What can be audited.

    Attributes:
        word: as the chain and the export name it.
        code: of DICOM's CID 400.
    """

    STARTED = ("started", "110120")
    LOGGED_IN = ("logged_in", "110114")
    LOGGED_OUT = ("logged_out", "110114")
    HANDED_OVER = ("handed_over", "110114")
    OPERATOR_LOCKED = ("operator_locked", "110113")
    CLOCK_SET = ("clock_set", "110113")
    DAMAGE_FOUND = ("damage_found", "110113")
    SAVED = ("saved", "110110")
    NOT_KEPT = ("not_kept", "110113")
    SEEN = ("seen", "110110")
    SEARCHED = ("searched", "110110")
    CHANGED = ("changed", "110110")
    DELETED = ("deleted", "110105")
    EXPORTED = ("exported", "110106")
    BACKED_UP = ("backed_up", "110106")
    RESTORED = ("restored", "110107")
    AUDIT_READ = ("audit_read", "110101")
    OPERATOR_CHANGED = ("operator_changed", "110137")
    KEYS_CHANGED = ("keys_changed", "110113")
    REFUSED = ("refused", "110113")

    word: str
    code: str

    def __init__(self, word: str, code: str) -> None:
        self.word = word
        self.code = code

    @classmethod
    def from_word(cls, word: str) -> Event:
        """The event with that word.

        Raises:
            ValueError: there is none.
        """
        for event in cls:
            if event.word == word:
                return event
        raise ValueError(f"{word!r} is no audited event")


@dataclass(frozen=True)
class Line:
    """One line of the chain.

    Attributes:
        seq: 1 for the first.
        at: UTC, as the kiosk's clock said: nothing is ordered by it.
        operator_id: `NOBODY` where the kiosk did it by itself.
        success: whether it was done.
        subject: the id of what it was done to; empty where there is none.
        detail: codes and numbers; never a patient's data.
        mac: 32 bytes that hold this line and all before it.
    """

    seq: int
    at: str
    operator_id: str
    event: str
    success: bool
    subject: str
    detail: str
    mac: bytes

    def expected_mac(self, key: bytes, before: bytes) -> bytes:
        """The mac that this line must have after one with the mac `before`."""
        content = canonical(
            {
                "seq": self.seq,
                "at": self.at,
                "operator": self.operator_id,
                "event": self.event,
                "success": self.success,
                "subject": self.subject,
                "detail": self.detail,
            }
        )
        return hmac.digest(key, before + content, "sha256")


@dataclass(frozen=True)
class Head:
    """The chain's end: what shows a cut tail to whoever noted it.

    Attributes:
        count: how many lines there are.
        mac: of the last, 64 hexadecimal digits; zeros where there is none.
    """

    count: int
    mac: str


class Audit:
    """Writes the chain of one store, within the transactions of what it tells of."""

    def __init__(self, key: bytes, clock: Callable[[], datetime], boottime: Callable[[], float]) -> None:
        """Write under a key.

        Args:
            key: 32 bytes.
            clock: the time, with a zone.
            boottime: seconds that nobody can set.
        """
        self._key = key
        self._clock = clock
        self._boottime = boottime
        self._offset_s: float | None = None

    def append(
        self,
        connection: Connection,
        event: Event,
        operator_id: str,
        subject: str = "",
        detail: str = "",
        *,
        success: bool = True,
    ) -> None:
        """Add a line; before it one that says so where the clock was set."""
        now = self._clock().astimezone(UTC)
        if jump_s := self._jump_s(connection, now):
            self._write(connection, now, Event.CLOCK_SET, NOBODY, "", f"{jump_s:+.0f} s", success=True)
        self._write(connection, now, event, operator_id, subject, detail, success=success)

    def _jump_s(self, connection: Connection, now: datetime) -> float:
        """By how much the clock was set since the last line; 0 where it was not, as far as can be told."""
        offset_s = now.timestamp() - self._boottime()
        before, self._offset_s = self._offset_s, offset_s
        if before is not None:
            moved_s = offset_s - before
        else:
            last = connection.execute("SELECT at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            # across a restart only a clock that went back can be told
            moved_s = 0.0 if last is None else min(0.0, (now - datetime.fromisoformat(last[0])).total_seconds())
        return moved_s if abs(moved_s) > CLOCK_SLACK_S else 0.0

    def _write(
        self,
        connection: Connection,
        now: datetime,
        event: Event,
        operator_id: str,
        subject: str,
        detail: str,
        *,
        success: bool,
    ) -> None:
        last = connection.execute("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, _START)
        bare = Line(
            last[0] + 1, now.isoformat(timespec="microseconds"), operator_id, event.word, success, subject, detail, b""
        )
        mac = bare.expected_mac(self._key, bytes(last[1]))
        connection.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (bare.seq, bare.at, operator_id, event.word, int(success), subject, detail, mac),
        )


def head(connection: Connection) -> Head:
    """The chain's end."""
    last = connection.execute("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(0, _START.hex()) if last is None else Head(int(last[0]), bytes(last[1]).hex())


def lines(connection: Connection, after: int = 0, limit: int = _PAGE) -> list[Line]:
    """Lines in order of sequence, after one of them."""
    rows = connection.execute("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    return [Line(seq, at, who, event, bool(ok), subject, detail, bytes(mac)) for
            seq, at, who, event, ok, subject, detail, mac in rows]  # fmt: skip


def verify(connection: Connection, key: bytes, noted: Head | None = None) -> Head:
    """Go over the whole chain.

    Args:
        connection: on the database's thread.
        key: the chain's, 32 bytes.
        noted: an end that somebody noted earlier: the chain must still hold it.

    Returns:
        Its end.

    Raises:
        StoreDamaged: a line was changed, removed or put between, or the noted end is not in it; names the line.
    """
    before, count = _START, 0
    while page := lines(connection, count):
        for line in page:
            if line.seq != count + 1:
                raise StoreDamaged(f"Audit line {count + 1} is missing", "Keep this disk as evidence, tell the clinic")
            if not hmac.compare_digest(line.mac, line.expected_mac(key, before)):
                raise StoreDamaged(f"Audit line {line.seq} was changed", "Keep this disk as evidence, tell the clinic")
            before, count = line.mac, line.seq
            if noted is not None and noted.count == count and noted.mac != before.hex():
                raise StoreDamaged(f"Audit line {count} is not the one noted", "Keep this disk as evidence")
    if noted is not None and noted.count > count:
        raise StoreDamaged(
            f"The audit ends at line {count}, but line {noted.count} was noted: its end was cut off",
            "Keep this disk as evidence, tell the clinic",
        )
    return Head(count, before.hex())


def to_csv(chain: Iterable[Line], end: Head) -> str:
    """The chain for people and spreadsheets: one line each, then count and head; no cell starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("seq", "utc", "operator", "event", "dicom_code", "success", "subject", "detail", "mac"))
    for line in chain:
        code = Event.from_word(line.event).code
        cells = (line.seq, line.at, line.operator_id, line.event, code, int(line.success), line.subject, line.detail)
        writer.writerow([*map(_cell, cells), line.mac.hex()])
    writer.writerow(("end", "", "", "", "", "", "count", end.count, end.mac))
    return text.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
