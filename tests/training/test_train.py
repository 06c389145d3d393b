"""A run that is started again leaves tables in which every step stands once."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.schedule import forget_after


@pytest.mark.parametrize(("step", "kept"), [(0, []), (39, ["20"]), (40, ["20", "40"]), (100, ["20", "40", "100"])])
def test_rows_of_later_steps_than_the_checkpoint_are_dropped(tmp_path: Path, step: int, kept: list[str]) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("step,size_px,loss\n20,64,1.5\n40,64,1.25\n100,96,1.0\n")
    forget_after(path, step)
    head, *rows = path.read_text().splitlines()
    assert head == "step,size_px,loss"
    assert [row.split(",")[0] for row in rows] == kept
    assert path.read_text().endswith("\n")


def test_a_run_without_tables_has_nothing_to_forget(tmp_path: Path) -> None:
    forget_after(tmp_path / "steps.csv", 20)
    assert not (tmp_path / "steps.csv").exists()
