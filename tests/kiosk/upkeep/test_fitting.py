"""Which of the two bundles that ship fits the board, judged from the one in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_models import bundle as bundles
from edge_models import shipped as shipping
from kiosk.upkeep import fitting

Make = Callable[..., Path]


@pytest.fixture
def shipped(tmp_path: Path, make_bundle: Make, tiny_document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A main bundle of four views, and a fast one of a view."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(shipping, "BUNDLES", folder)
    make_bundle({"views": tiny_document["views"] * 2}).rename(folder / "main")
    make_bundle({"views": tiny_document["views"][:1]}).rename(folder / shipping.FAST)
    return folder


def judged(folder: Path, elapsed_ms: float) -> fitting.Fitting:
    return fitting.judge(folder, bundles.load(folder).manifest, elapsed_ms)


def views(folder: Path) -> int:
    return len(bundles.load(folder).manifest.views)


def test_a_slow_board_is_told_of_the_fast_bundle(shipped: Path) -> None:
    fit = judged(shipped / "main", 2000.0)
    assert f"fast model would take about {2000 / views(shipped / 'main'):.0f} ms" in fit.found
    assert 'set [model] bundle = "fast"' in fit.remedy


def test_a_quick_board_needs_no_other_bundle(shipped: Path) -> None:
    assert judged(shipped / "main", 900.0).remedy == ""
    fit = judged(shipped / shipping.FAST, 50.0)
    assert fit == (f"the main model would take about {50 * views(shipped / 'main')} ms", "")


def test_without_another_bundle_there_is_nothing_to_say(shipped: Path, make_bundle: Make) -> None:
    shutil.rmtree(shipped / shipping.FAST)
    assert judged(shipped / "main", 5000.0) == ("", "")
    assert judged(make_bundle(), 5000.0) == ("", "")
