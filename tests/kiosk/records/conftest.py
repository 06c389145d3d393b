"""A set-up store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk.records.samples import Box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A store that was set up, open."""
    made = Box(tmp_path / "records")
    yield made
    made.store.close()
