"""Feeds inputs in a process of its own, so that a crash or a hang is a finding, too, and not the end."""

from __future__ import annotations

import faulthandler
import multiprocessing
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from benchmarks.fuzz.kinds import KINDS, refused_or_read

HANG_S = 30.0
"""Nothing that is read takes so long, on however busy a machine."""


@dataclass
class Tally:
    """What came of the inputs of one kind.

    Attributes:
        findings: seed and what happened, of every input that was neither read nor refused.
    """

    read: int = 0
    refused: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """All of them."""
        return self.read + self.refused + len(self.findings)


def fuzz(counts: Mapping[str, int], seed: int, keep: Path | None = None) -> dict[str, Tally]:
    """Feed so many inputs of each kind.

    Args:
        counts: by a name of `KINDS`.
        seed: the same one makes the same inputs.
        keep: a folder for the inputs that are findings.
    """
    return {kind: _fuzz_kind(kind, count, seed, keep) for kind, count in counts.items()}


def made(kind: str, seed: str) -> bytes:
    """The input of a seed, as a finding names it."""
    return KINDS[kind].make(Random(seed))  # noqa: S311 - damage, no secrets


def _fuzz_kind(kind: str, count: int, seed: int, keep: Path | None) -> Tally:
    tally, first = Tally(), 0
    while first < count:
        for number, outcome in _fed(kind, first, count, seed):
            first = number + 1
            if outcome in ("read", "refused"):
                setattr(tally, outcome, getattr(tally, outcome) + 1)
                continue
            named = f"{kind}-{seed}-{number}"
            tally.findings.append((named, outcome))
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / named).write_bytes(made(kind, named))
    return tally


def _fed(kind: str, first: int, end: int, seed: int) -> Iterator[tuple[int, str]]:
    """Outcomes until the end, or until the process that reads is lost, which is the last outcome then."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    reader = context.Process(target=_feed, args=(theirs, kind, first, end, seed), daemon=True)
    reader.start()
    theirs.close()
    number = first
    try:
        while number < end:
            if not ours.poll(HANG_S):
                yield number, f"hangs for more than {HANG_S:g} s"
                return
            try:
                outcome = str(ours.recv())
            except EOFError:
                reader.join()
                yield number, f"the process ended with {reader.exitcode}"
                return
            yield number, outcome
            number += 1
    finally:
        reader.kill()
        reader.join()
        ours.close()


def _feed(results: Connection, kind: str, first: int, end: int, seed: int) -> None:
    faulthandler.enable()
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        for number in range(first, end):
            try:
                read = refused_or_read(KINDS[kind].feed, made(kind, f"{kind}-{seed}-{number}"))
                results.send("read" if read else "refused")
            except BaseException:  # noqa: BLE001 - a finding, whatever it is
                results.send(traceback.format_exc())


def table(tallies: Mapping[str, Tally]) -> str:
    """A line a kind, and one a finding."""
    lines = [f"{'kind':<10} {'inputs':>7} {'read':>7} {'refused':>8} {'findings':>9}"]
    for kind, tally in tallies.items():
        found = len(tally.findings)
        lines.append(f"{kind:<10} {tally.inputs:>7} {tally.read:>7} {tally.refused:>8} {found:>9}")
    for tally in tallies.values():
        said = Counter(what.strip().splitlines()[-1] for _, what in tally.findings)
        lines += [f"{count:>5} x {what}" for what, count in said.most_common()]
        lines += [f"      {named}" for named, _ in tally.findings[:5]]
    return "\n".join(lines)
