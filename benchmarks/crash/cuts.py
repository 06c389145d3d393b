"""Power cuts by the hundred: record once, cut anywhere, open again, and count what is lost."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.crash.replay import Disk, Step, read_log, write_out
from benchmarks.crash.workload import LATER, PICTURE_BYTES, STICK, STORE
from benchmarks.record_samples import ADMINISTRATOR, picture
from kiosk.errors import BackupError, KioskError, NotInStore
from kiosk.records import manifest
from kiosk.records.keys import RFC_9106_SECOND_CHOICE
from kiosk.records.opening import open_store, set_up
from kiosk.records.restore import restore
from kiosk.records.search import Filter
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import Store

_SOURCE = Path(__file__).with_name("recorder.c")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


@dataclass(frozen=True)
class Outcome:
    """What some cuts came to.

    Attributes:
        cuts: how many states were opened.
        steps: how many calls were recorded.
        losses: what was lost or half there, a line each with the cut's place.
    """

    cuts: int
    steps: int
    losses: tuple[str, ...]


def cut(cuts: int, mode: str = "whole", seed: int = 1) -> Outcome:
    """Record the workload once and cut it at random places.

    Args:
        cuts: how many.
        mode: as `workload` says.
        seed: of places and of what a cut keeps.

    Raises:
        RuntimeError: there is no C compiler, or the workload failed.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None, prefix="dermakiosk-cuts-") as name:
        folder = Path(name)
        words, steps = record(folder, mode)
        disk = Disk(folder / "before")
        places = sorted(chance.randint(0, len(steps)) for _ in range(cuts))
        losses: list[str] = []
        done = 0
        for place in places:
            for step in steps[done:place]:
                disk.do(step)
            done = max(done, place)
            after = folder / "after"
            write_out(disk.after_cut(chance), after)
            losses += [f"at {place} of {len(steps)}: {each}" for each in examine(after, words, steps[:place])]
            shutil.rmtree(after)
    return Outcome(cuts, len(steps), tuple(losses))


def record(folder: Path, mode: str) -> tuple[str, list[Step]]:
    """Run the workload under the recorder.

    Returns:
        The store's recovery words, and what was recorded; `folder/before` holds what was there before.

    Raises:
        RuntimeError: there is no C compiler, or the workload failed.
    """
    root, log = folder / "root", folder / "log"
    root.mkdir()
    (root / STICK).mkdir()
    words = set_up(root / STORE, ADMINISTRATOR, "27182818", RFC_9106_SECOND_CHOICE)
    shutil.copytree(root, folder / "before")
    done = run_recorded(folder, words, mode)
    if done.returncode != 0:
        raise RuntimeError(f"the workload failed: {done.stderr[-2000:]}")
    return words, read_log(log, root)


def run_recorded(folder: Path, words: str, mode: str) -> subprocess.CompletedProcess[str]:
    """Run the workload on `folder/root` under the recorder, which logs to `folder/log`.

    Raises:
        RuntimeError: there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("power cuts need a C compiler: sudo apt-get install gcc libc6-dev")
    library = folder / "recorder.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "CRASH_ROOT": str(folder / "root"),
        "CRASH_LOG": str(folder / "log"),
    }
    command = [sys.executable, "-m", "benchmarks.crash.workload", str(folder / "root"), words, mode]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def examine(after: Path, words: str, steps: Sequence[Step]) -> list[str]:
    """What is lost or half there in the state after a cut, given what had happened before it."""
    marks = [step.path.partition(":") for step in steps if step.op == "X"]
    done = {
        kind: {rest for each, _, rest in marks if each == kind} for kind in ("saved", "judged", "deleting", "deleted")
    }
    backups = [int(rest) for kind, _, rest in marks if kind == "backed_up"]
    try:
        store, _ = open_store(after / STORE, Slots.read(after / STORE).unlock(RECOVERY, words, None), migrations=LATER)
    except KioskError as error:
        return [f"the store does not open: {error}"]
    try:
        return [*_examine_store(store, done), *_examine_backup(after, words, max(backups, default=0))]
    finally:
        store.close()


def _examine_store(store: Store, done: dict[str, set[str]]) -> list[str]:
    wrong = [f"database: {each}" for each in store.database.check()]
    wrong += [f"picture {name} is gone" for name in store.sweep()[1]]
    try:
        store.verify_audit()
        there = {each.id for each in store.find(Filter(), ADMINISTRATOR.id, limit=1000)}
    except KioskError as error:
        return [*wrong, str(error)]
    wrong += [f"examination {each} is lost" for each in done["saved"] - done["deleting"] - there]
    wrong += [f"examination {each} is back" for each in done["deleted"] & there]
    for each in there:
        try:
            examination = store.examination(each, ADMINISTRATOR.id)
            if store.picture(each) != picture(each, PICTURE_BYTES):
                wrong.append(f"picture of {each} is another")
            if each in done["judged"] and not examination.verdicts:
                wrong.append(f"verdict on {each} is lost")
        except KioskError as error:
            wrong.append(str(error))
    return wrong


def _examine_backup(after: Path, words: str, acknowledged: int) -> list[str]:
    found = next((after / STICK).glob("dermakiosk-*"), None)
    if found is None or not (found / manifest.FILE).exists():
        return ["the backup is lost"] if acknowledged else []
    target = after / "restored"
    try:
        restored = restore(found, target, datetime.now(UTC))
        if restored.sequence < acknowledged:
            return [f"backup {acknowledged} is lost"]
        second, key = open_store(target, Slots.read(target).unlock(RECOVERY, words, None), migrations=LATER)
    except (BackupError, KioskError) as error:
        return [f"the backup is damaged: {error}"]
    try:
        manifest.check_signature(restored, key)
        second.verify_audit(restored.head)
        return [f"backup: {each}" for each in (*second.database.check(), *second.sweep()[1])]
    except NotInStore as error:
        return [f"the backup is damaged: {error}"]
    finally:
        second.close()
