"""Power cuts and failing disks: nothing that was acknowledged is lost, nothing is half there, and a fault would show.

`python -m benchmarks records --cuts 1000` makes more of the same cuts.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import pytest

from benchmarks.crash.cuts import cut, run_recorded
from benchmarks.crash.replay import Disk, Step
from benchmarks.crash.workload import FAILING_CALLS, STORE
from benchmarks.record_samples import ADMINISTRATOR
from kiosk.records.keys import RFC_9106_SECOND_CHOICE
from kiosk.records.opening import set_up

pytestmark = [
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
    pytest.mark.skipif(not Path("/usr/include/stdio.h").exists(), reason="needs the C library's headers"),
]


def test_no_cut_loses_what_was_acknowledged() -> None:
    outcome = cut(60)
    assert outcome.losses == ()
    assert outcome.steps > 500


@pytest.mark.parametrize(("mode", "complaint"), [("normal", "is lost"), ("unsynced", "picture")])
def test_the_cuts_would_find_it(mode: str, complaint: str) -> None:
    """Without them a fault in the harness would pass for a store without faults."""
    outcome = cut(12, mode)
    assert any(complaint in loss.lower() for loss in outcome.losses)


def test_a_disk_that_is_full_or_fails_at_any_call_loses_nothing() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "root").mkdir()
        words = set_up(folder / "root" / STORE, ADMINISTRATOR, "27182818", RFC_9106_SECOND_CHOICE)
        done = run_recorded(folder, words, "failing")
    assert done.returncode == 0, done.stderr
    refused, kept, lost, wrong = (int(part.split()[1]) for part in done.stdout.strip().split(", "))
    assert lost == wrong == 0
    assert refused > 10, "every save is at least eight calls"
    assert kept + refused == 1 + 2 * 2 * FAILING_CALLS


def state(*steps: Step, seed: int) -> dict[str, bytes | None]:
    with tempfile.TemporaryDirectory() as name:
        disk = Disk(Path(name))
        for step in steps:
            disk.do(step)
        return disk.after_cut(random.Random(seed))  # noqa: S311 - no secret


def test_the_disk_forgets_what_was_not_synced_and_nothing_else() -> None:
    create, write = Step("C", "a", "", 0, b""), Step("W", "a", "", 0, b"x" * 2048)
    sync, names = Step("F", "a", "", 0, b""), Step("D", "", "", 0, b"")
    rename = Step("R", "a", "b", 0, b"")
    states = [state(create, write, seed=seed) for seed in range(60)]
    assert {} in states
    assert {"a": b""} in states
    assert {"a": b"x" * 2048} in states
    assert any(len(each.get("a") or b"") in (512, 1024, 1536) for each in states)
    assert {str(state(create, write, sync, names, seed=seed)) for seed in range(20)} == {str({"a": b"x" * 2048})}
    renamed = [state(create, write, sync, names, rename, seed=seed) for seed in range(40)]
    assert {"a": b"x" * 2048} in renamed
    assert {"b": b"x" * 2048} in renamed
    assert all(len(each) == 1 for each in renamed), "a name is the old one or the new one"
    unsynced = [state(create, write, names, seed=seed) for seed in range(40)]
    assert {"a": b""} in unsynced, "a name on the disk says nothing of the content"
