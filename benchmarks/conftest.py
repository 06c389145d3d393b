"""What the suites measure: the released bundle, and a picture of a 12-megapixel camera.

`make bench` ends with a table: every ratio to its floor against the reference of this board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import reference
from benchmarks.machine import this_machine
from benchmarks.turns import RecordRatio, over_floor
from edge_models.classifier import Classifier
from kiosk.camera.phantom import PhantomCamera
from kiosk.clinical.frame import Frame

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RATIO = "over_floor"
"""Name of the ratio in a benchmark's `extra_info`."""
_ENGINE = pytest.StashKey[Any]()
_RATIOS = pytest.StashKey[dict[str, float]]()


@pytest.fixture(scope="session")
def classifier(request: pytest.FixtureRequest) -> Iterator[Classifier]:
    """The released bundle on the CPU; the report says which engine it was."""
    with Classifier.open(engine="cpu") as opened:
        request.config.stash[_ENGINE] = opened.interpreter.describe()
        yield opened


@pytest.fixture(scope="session")
def frame() -> Frame:
    """One 12-megapixel picture of the phantom camera."""
    with PhantomCamera() as camera:
        captured = camera.capture()
    return Frame(np.ascontiguousarray(captured.rgb), NOW, captured.source)


@pytest.fixture
def record_ratio(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> RecordRatio:
    """`record_ratio(work, floor)` measures both in turns and keeps the ratio with this benchmark's results."""
    name = request.node.name.removeprefix("test_")

    def record(work: Callable[[], object], floor: Callable[[], object]) -> None:
        found = over_floor(work, floor)
        benchmark.extra_info[RATIO] = {name: found}
        request.config.stash.setdefault(_RATIOS, {})[name] = found

    return record


def pytest_benchmark_update_machine_info(machine_info: dict[str, object]) -> None:
    """Keep in the results what pytest-benchmark does not: board, governor, runtimes, commit."""
    machine_info["dermakiosk"] = this_machine().to_json()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The ratios against this board's reference; a warning where they leave it."""
    ratios = config.stash.get(_RATIOS, {})
    engine = config.stash.get(_ENGINE, None)
    if not ratios or engine is None:
        return
    path = reference.file_for(this_machine().to_json(), asdict(engine))
    known = reference.load(path) if path.exists() else None
    terminalreporter.write_sep("=", f"{path.stem} ({known['status']})" if known else f"no reference {path.name}")
    terminalreporter.write_line(reference.table(ratios, known))
    if known:
        strange = reference.strange(reference.judge(ratios, known))
        if strange:
            terminalreporter.write_line(f"WARNING: outside this board's reference: {', '.join(strange)}", yellow=True)
