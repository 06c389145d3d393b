"""A set-up store; its folder lies in memory where there is one, because a disk's fsyncs take most of the time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk.records.samples import Box

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of the test's own."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="dermakiosk-") as folder:
        yield Path(folder)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A store that was set up, open."""
    made = Box(tmp_path / "records")
    yield made
    made.store.close()
