"""What a disk may hold after a power cut, from a record of what was written and synced.

The model is stricter than ext4. What was not synced is kept, torn at 512 bytes, or dropped, each write by itself and
by chance. A folder's changes that were not synced are undone from a random one on. A file's fsync says nothing of its
name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR_BYTES = 512


@dataclass(frozen=True)
class Step:
    """One recorded call.

    Attributes:
        op: as recorder.c says.
        path: below the root, without it.
        target: the new name of a rename; else empty.
        offset: of a write; the new length of a truncation.
    """

    op: str
    path: str
    target: str
    offset: int
    data: bytes


@dataclass
class _Inode:
    """A file's content: what is surely on the disk, and what is on its way."""

    disk: bytearray = field(default_factory=bytearray)
    waiting: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.waiting:
            _apply(self.disk, step.op, step.offset, step.data)
        self.waiting = []

    def after_cut(self, chance: random.Random) -> bytes:
        content = bytearray(self.disk)
        for step in self.waiting:
            fate = chance.random()
            if step.op == "T" and fate < 0.5:
                _apply(content, "T", step.offset, b"")
            elif step.op == "W" and fate < 0.4:
                _apply(content, "W", step.offset, step.data)
            elif step.op == "W" and fate < 0.7:
                sectors = len(step.data) // SECTOR_BYTES
                _apply(content, "W", step.offset, step.data[: chance.randint(0, sectors) * SECTOR_BYTES])
        return bytes(content)


def _apply(content: bytearray, op: str, offset: int, data: bytes) -> None:
    if op == "T":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
    elif data:
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data


Entry = _Inode | None
"""A file, or None for a folder."""


class Disk:
    """A file system that can lose its power."""

    def __init__(self, root: Path) -> None:
        """Start from what lies in a folder, as surely on the disk."""
        self._durable: dict[str, Entry] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            self._durable[name] = None if path.is_dir() else _Inode(bytearray(path.read_bytes()))
        self._now = dict(self._durable)
        self._waiting: dict[str, list[tuple[tuple[str, Entry] | tuple[str], ...]]] = {}

    def do(self, step: Step) -> None:
        """Let one recorded call happen."""
        inode = self._now.get(step.path)
        match step.op:
            case "W" | "T" if inode is not None:
                inode.waiting.append(step)
            case "F" if inode is not None:
                inode.sync()
            case "D":
                self._sync_names(step.path)
            case "S":
                self._sync_all()
            case "C" | "M":
                self._change(step.path, (step.path, _Inode() if step.op == "C" else None))
            case "U":
                self._change(step.path, (step.path,))
            case "R":
                self._rename(step.path, step.target)

    def after_cut(self, chance: random.Random) -> dict[str, bytes | None]:
        """One of the states that the disk may be in: path → content, None for a folder."""
        names = dict(self._durable)
        for changes in self._waiting.values():
            for change in changes[: chance.randint(0, len(changes))]:
                _alter(names, change)
        return {
            path: None if entry is None else entry.after_cut(chance)
            for path, entry in names.items()
            if _has_folders(path, names)
        }

    def _change(self, path: str, *change: tuple[str, Entry] | tuple[str]) -> None:
        _alter(self._now, change)
        self._waiting.setdefault(_parent(path), []).append(change)

    def _rename(self, old: str, new: str) -> None:
        moved = [path for path in self._now if path == old or path.startswith(f"{old}/")]
        change: list[tuple[str, Entry] | tuple[str]] = []
        for path in moved:
            change += [(path,), (new + path[len(old) :], self._now[path])]
        self._change(new, *change)

    def _sync_all(self) -> None:
        for inode in self._now.values():
            if inode is not None:
                inode.sync()
        for folder in list(self._waiting):
            self._sync_names(folder)

    def _sync_names(self, folder: str) -> None:
        for change in self._waiting.pop(folder, []):
            _alter(self._durable, change)


def _alter(names: dict[str, Entry], change: Sequence[tuple[str, Entry] | tuple[str]]) -> None:
    for each in change:
        if len(each) == 2:
            names[each[0]] = each[1]
        else:
            names.pop(each[0], None)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _has_folders(path: str, names: dict[str, Entry]) -> bool:
    parent = _parent(path)
    return not parent or (parent in names and _has_folders(parent, names))


def read_log(log: Path, root: Path) -> list[Step]:
    """What recorder.c wrote."""
    return list(_steps(log.read_bytes(), f"{root}/"))


def _steps(content: bytes, prefix: str) -> Iterator[Step]:
    place = 0
    while place < len(content):
        end = content.index(b"\n", place)
        op, path, target, offset, size = content[place:end].decode().split(" ")
        data = content[end + 1 : end + 1 + int(size)]
        place = end + 1 + int(size)
        # the root itself is the empty path
        below, onto = (f"{each}/".removeprefix(prefix).removesuffix("/") for each in (path, target))
        yield Step(op, below, "" if target == "-" else onto, int(offset), data)


def write_out(state: dict[str, bytes | None], folder: Path) -> None:
    """Make a folder hold a state."""
    for path, content in sorted(state.items()):
        place = folder / path
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
