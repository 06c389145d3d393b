"""The records on this machine: what saving, opening, searching and backing up cost, and what power cuts lose.

Nothing is kept: the stores lie in temporary folders below one that the caller names, whose disk is what is measured.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import kinds
from benchmarks.crash.cuts import cut
from benchmarks.machine import this_machine
from benchmarks.record_samples import ADMINISTRATOR, START, examination, picture
from benchmarks.statistics import summary_ms
from edge_models.triage import AdviceLevel
from kiosk.clinical.body_site import BodySite
from kiosk.records import rows, search
from kiosk.records.backup import back_up
from kiosk.records.database import Connection
from kiosk.records.keys import RFC_9106_SECOND_CHOICE, DataKey
from kiosk.records.opening import open_store, set_up
from kiosk.records.search import Filter
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import Store

PICTURE_BYTES = 3_000_000
_PIN = "27182818"
_BATCH = 5000
_BACKED_UP_AGAIN = 100
GOALS: Mapping[str, tuple[str, float]] = {
    "save with a picture of 3 MB, p95": ("ms", 60.0),
    "PIN to an open store": ("ms", 1000.0),
    "open, without the PIN, p95": ("ms", 50.0),
    "search and page, p95": ("ms", 5.0),
}
"""Figure → unit and what it may be at most."""


def measure(folder: Path, examinations: int, saves: int, backed_up: int, cuts: int) -> dict[str, Any]:
    """Measure on this machine.

    Args:
        folder: on the disk that is measured.
        examinations: in the store that is opened and searched; they have no pictures.
        saves: with a picture, timed one by one.
        backed_up: examinations with pictures in the first backup.
        cuts: power cuts to replay; 0: none.

    Returns:
        A JSON document with machine, raw samples and summaries.

    Raises:
        RuntimeError: a power cut lost something, or there is no C compiler for them.
    """
    machine = this_machine().to_json()
    document: dict[str, Any] = {"kind": kinds.RECORDS, "machine": machine, "samples_ms": {}, "rates": {}}
    samples = document["samples_ms"]
    with _store(folder) as (store, key, root):
        samples["save"] = [_save(store, number) for number in range(saves)]
        document["rates"] = _backups(store, key, root, saves, backed_up)
    with _store(folder) as (store, _, root):
        _fill(store, examinations)
        document["examinations"] = examinations
        document["database_bytes"] = store.database.hold(lambda _: None)[0]
        samples["search"] = _timed(300, _searches(store, examinations))
        store.close()
        samples["open"], samples["unlock"] = _openings(root)
    document["summary"] = {name: summary_ms(each) for name, each in samples.items()}
    if cuts:
        found = {mode: cut(cuts if mode == "whole" else 40, mode) for mode in ("whole", "normal", "unsynced")}
        document["cuts"] = {mode: {"cuts": each.cuts, "losses": list(each.losses)} for mode, each in found.items()}
    return document


def table(document: Mapping[str, Any]) -> str:
    """The figures with their goals, for people."""
    summary, rates = document["summary"], document["rates"]
    found = {
        "save with a picture of 3 MB, p95": summary["save"]["p95"],
        "PIN to an open store": summary["unlock"]["max"],
        "open, without the PIN, p95": summary["open"]["p95"],
        "search and page, p95": summary["search"]["p95"],
    }
    lines = [f"{document['examinations']:,} examinations, database {document['database_bytes'] / 1e6:.0f} MB", ""]
    for name, value in found.items():
        unit, most = GOALS[name]
        lines.append(f"{name:<36} {value:8.1f} {unit}   ≤ {most:g} {'met' if value <= most else 'NOT MET'}")
    lines.append(
        f"{'first backup':<36} {rates['backup_mb_s']:8.1f} MB/s  cp and sync: {rates['copy_mb_s']:.1f} MB/s "
        f"({rates['backup_mb']:.0f} MB)"
    )
    lines.append(f"{f'backup of {_BACKED_UP_AGAIN} more':<36} {rates['next_backup_s']:8.1f} s")
    for mode, each in document.get("cuts", {}).items():
        planted = "" if mode == "whole" else " (a planted fault, to be found)"
        lines.append(f"power cuts, {mode:<24} {each['cuts']:8}      lost: {len(each['losses'])}{planted}")
    return "\n".join(lines)


def met(document: Mapping[str, Any]) -> bool:
    """Whether no power cut lost anything, and both planted faults were found."""
    cuts = document.get("cuts", {})
    return all(bool(each["losses"]) == (mode != "whole") for mode, each in cuts.items())


@contextmanager
def _store(folder: Path) -> Iterator[tuple[Store, DataKey, Path]]:
    with tempfile.TemporaryDirectory(dir=folder, prefix="dermakiosk-records-") as name:
        root = Path(name)
        words = set_up(root / "records", ADMINISTRATOR, _PIN, RFC_9106_SECOND_CHOICE)
        store, key = open_store(root / "records", Slots.read(root / "records").unlock(RECOVERY, words, None))
        try:
            yield store, key, root
        finally:
            store.close()


def _timed(count: int, job: Callable[[int], object]) -> list[float]:
    samples = []
    for number in range(count):
        started = perf_counter()
        job(number)
        samples.append((perf_counter() - started) * 1e3)
    return samples


def _save(store: Store, number: int) -> float:
    """Save one, and say how many milliseconds that took."""
    made = examination(random.Random(number), number)  # noqa: S311 - no secret
    content = picture(made.id, PICTURE_BYTES)
    started = perf_counter()
    store.save(made, content)
    return (perf_counter() - started) * 1e3


def _fill(store: Store, count: int) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret

    def batch(connection: Connection, first: int) -> None:
        for number in range(first, min(first + _BATCH, count)):
            rows.insert_examination(connection, examination(chance, number, patients=count // 10 + 1), None)

    for first in range(0, count, _BATCH):
        store.database.write(lambda connection, n=first: batch(connection, n))  # type: ignore[misc]


def _searches(store: Store, count: int) -> Callable[[int], object]:
    """One of the ways to search, and its second page."""
    chance = random.Random(2)  # noqa: S311 - no secret

    def one(number: int) -> None:
        day = START + timedelta(minutes=10 * chance.randrange(count))
        code = f"P-{chance.randrange(count // 10 + 1):06d}"
        wanted = (
            Filter(code=code),
            Filter(site=chance.choice(list(BodySite))),
            Filter(advice=AdviceLevel.REFERRAL),
            Filter(since=day, until=day + timedelta(days=1)),
            Filter(open_referrals=True),
            Filter(until=day),
            Filter(site=BodySite.BACK, advice=AdviceLevel.REFERRAL, until=day),
        )[number % 8 - 1]
        if number % 8 == 0:
            store.patients(code[:5])
            return
        page = store.database.read(lambda connection: search.find(connection, wanted))
        if page:
            store.database.read(lambda connection: search.find(connection, wanted, page[-1].place))

    return one


def _openings(root: Path) -> tuple[list[float], list[float]]:
    """From keys to an open store, and from a PIN."""
    folder = root / "records"
    keys = Slots.read(folder).unlock(ADMINISTRATOR.id, _PIN, None)
    samples: list[float] = []
    for _ in range(20):
        started = perf_counter()
        store, _key = open_store(folder, keys)
        samples.append((perf_counter() - started) * 1e3)
        store.close()
    unlocks: list[float] = []
    for _ in range(3):
        started = perf_counter()
        store, _key = open_store(folder, Slots.read(folder).unlock(ADMINISTRATOR.id, _PIN, None))
        unlocks.append((perf_counter() - started) * 1e3)
        store.close()
    return samples, unlocks


def _backups(store: Store, key: DataKey, root: Path, first: int, count: int) -> dict[str, float]:
    """`cp` and `sync` of the store, the first backup, which reads everything back as they do not, and the next one."""
    for number in range(first, count):
        _save(store, number)
    started = perf_counter()
    subprocess.run(["cp", "-r", root / "records", root / "copy"], check=True)
    subprocess.run(["sync", "-f", root / "copy"], check=True)
    copy_s = perf_counter() - started
    shutil.rmtree(root / "copy")  # the disk need not hold the pictures three times
    stick = root / "stick"
    stick.mkdir()
    started = perf_counter()
    report = back_up(store, key, stick, ADMINISTRATOR.id)
    backup_s = perf_counter() - started
    for number in range(max(first, count), max(first, count) + _BACKED_UP_AGAIN):
        _save(store, number)
    started = perf_counter()
    back_up(store, key, stick, ADMINISTRATOR.id)
    megabytes = report.copied_bytes / 1e6
    return {
        "backup_mb": megabytes,
        "backup_mb_s": megabytes / backup_s,
        "copy_mb_s": megabytes / copy_s,
        "next_backup_s": perf_counter() - started,
    }
