"""Some damaged inputs of every kind: read, or refused in one line. `python -m benchmarks fuzz` makes ten thousand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from random import Random
from typing import NoReturn

import pytest

from benchmarks.fuzz import run
from benchmarks.fuzz.kinds import KINDS, Kind
from benchmarks.fuzz.mutate import damaged
from benchmarks.fuzz.run import fuzz, made
from edge_models.errors import ImageUnreadable


def _refuse(_: bytes) -> NoReturn:
    raise ImageUnreadable("two\nlines")


COUNTS = {"image": 60, "bundle": 30, "features": 20, "toml": 60, "csv": 60}


@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_damaged_inputs_leave_no_trace_and_hang_nobody(kind: str) -> None:
    tally = fuzz({kind: COUNTS[kind]}, seed=5)[kind]
    assert tally.findings == []
    assert tally.inputs == COUNTS[kind]
    assert tally.refused > 0, "damage that nobody notices tries nothing"


def test_the_same_seed_makes_the_same_input() -> None:
    assert {made(kind, "x-1-2") for kind in KINDS} == {made(kind, "x-1-2") for kind in KINDS}
    assert made("image", "x-1-2") != made("image", "x-1-3")
    assert damaged(Random("a"), b"x" * 100, [b"y"]) == damaged(Random("a"), b"x" * 100, [b"y"])  # noqa: S311 - damage, no secrets


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda _: os.abort(), "the process ended with -6"),
        (lambda _: time.sleep(600), "hangs"),
        (_refuse, "no short line"),
    ],
    ids=["a trace", "a crash", "a hang", "two lines"],
)
def test_what_goes_wrong_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[bytes], object], said: str
) -> None:
    monkeypatch.setattr(run, "KINDS", {"acted": Kind(lambda _: b"x", act)})
    monkeypatch.setattr(run, "HANG_S", 1.0)
    tally = fuzz({"acted": 2}, seed=1)["acted"]
    assert [named for named, _ in tally.findings] == ["acted-1-0", "acted-1-1"]
    assert all(said in what for _, what in tally.findings)
