"""What the suites measure: the released bundle, and a picture of a 12-megapixel camera."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.machine import this_machine
from edge_models.classifier import Classifier
from kiosk.camera.choose import open_camera
from kiosk.frame import Frame


@pytest.fixture(scope="session")
def classifier() -> Iterator[Classifier]:
    with Classifier.open(engine="cpu") as opened:
        yield opened


@pytest.fixture(scope="session")
def frame() -> Frame:
    """One 12-megapixel picture of the phantom camera."""
    with open_camera("phantom") as camera:
        captured = camera.capture()
    return Frame(np.ascontiguousarray(captured.rgb), datetime.now(UTC), captured.source)


def pytest_benchmark_update_machine_info(machine_info: dict[str, object]) -> None:
    """Keep in the results what pytest-benchmark does not: board, governor, runtimes, commit."""
    machine_info["dermakiosk"] = this_machine().to_json()
