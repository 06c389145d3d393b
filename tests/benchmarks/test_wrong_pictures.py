"""The tables of what the gate lets pass and of damaged files, on a few generated pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import damage, gate
from benchmarks.__main__ import main
from benchmarks.disturb import Field, blurred, drawn_over, within
from kiosk.camera.skin import paint


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures in the place of one data set."""
    folder = tmp_path_factory.mktemp("data")
    images = folder / next(iter(gate.SETS.values()))
    images.mkdir(parents=True)
    for seed in range(2):
        whole = paint(np.random.default_rng(seed), 800, 600)
        Image.fromarray(whole[150:450, 200:600]).save(images / f"{seed}.jpg", quality=95)
    return folder


def test_every_combination_is_counted(data: Path) -> None:
    plain, rows = gate.plain(data, 0), gate.measure(data, 0)
    assert len(rows) == len(gate.FIELDS) * len(gate.BLURS_PX) * 4
    good = sum(row.passed for row in plain.values())
    assert good >= 1
    assert {row.count for row in rows} == {good}
    assert all(row.passed == 0 for row in rows if row.shown[1] >= 4)
    shown = gate.table(plain, rows)
    assert "R 0.42, soft rim" in shown
    assert f"{good} of {good}" in shown


def test_damaged_files_are_counted_by_kind(data: Path) -> None:
    found = damage.measure(data, 1)
    assert {coding for coding, _ in found} == set(damage.CODINGS)
    for (coding, kind), outcomes in found.items():
        if kind.startswith("whole"):
            assert set(outcomes) == {"unchanged"}, (coding, kind)
        if kind.startswith("cut off"):
            assert set(outcomes) == {"refused"}, (coding, kind)
    assert "whole, more behind" in damage.table(found)


def test_without_data_the_commands_say_what_to_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DERMAKIOSK_DATA", raising=False)
    assert main(["gate"]) == 2
    assert "DERMAKIOSK_DATA" in capsys.readouterr().err
    assert main(["damage", "--data", str(tmp_path)]) == 2
    assert "holds no pictures" in capsys.readouterr().err


def test_nothing_disturbed_is_the_picture_itself() -> None:
    rgb = paint(np.random.default_rng(0), 80, 60)
    assert within(drawn_over(blurred(rgb, 0.0), "none", np.random.default_rng(0)), None) is rgb
    black = within(rgb, Field(0.3, 0.0))
    assert (black[0] == 3).all()
    np.testing.assert_array_equal(black[30, 40], rgb[30, 40])
