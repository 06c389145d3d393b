"""A damaged write-ahead log, told from one that a power cut has torn.

SQLite reads the log up to the first frame whose checksum is wrong and silently forgets the rest. That is right for a
transaction that was being written when the power went, and wrong for a changed byte before acknowledged ones. Every
commit waits for the disk before the next begins, so a cut leaves at most one commit behind the torn frame: two or more
are damage. A changed byte in the very last transaction cannot be told from a cut.
Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from kiosk.records.files import disk_errors

_HEADER = struct.Struct(">IIIIIIII")  # magic, version, page size, checkpoint, two salts, two checksums
_FRAME = struct.Struct(">IIII")  # page, size after a commit (else 0), two salts; two checksums and the page follow
_FRAME_HEADER_BYTES = 24
_PAGE_SIZES = {1 << power for power in range(9, 17)}


@dataclass(frozen=True)
class Log:
    """What a write-ahead log seems to hold before anybody opens it.

    Attributes:
        commits: the numbers of its frames that end a transaction, from 1; frames of an earlier round do not count.
    """

    commits: tuple[int, ...] = ()

    def lost_after(self, frames: int) -> int:
        """How many acknowledged transactions are lost when only so many frames can be read."""
        return max(0, sum(number > frames for number in self.commits) - 1)


def read(path: Path) -> Log:
    """Look at a log that may not be there.

    Raises:
        StoreUnwritable: the disk fails.
    """
    if not path.exists():
        return Log()
    commits = []
    with disk_errors(path), path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return Log()
        _, _, page_bytes, _, *salts, _, _ = _HEADER.unpack(head)
        if page_bytes not in _PAGE_SIZES:
            return Log()
        number = 0
        while len(frame := file.read(_FRAME.size)) == _FRAME.size:
            number += 1
            _, committed, *its_salts = _FRAME.unpack(frame)
            if committed and its_salts == salts:
                commits.append(number)
            file.seek(_FRAME_HEADER_BYTES - _FRAME.size + page_bytes, 1)
    return Log(tuple(commits))
