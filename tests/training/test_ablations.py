"""The table of runs says what differs, and is written from the runs' own records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.__main__ import main
from training.ablations import compare, differences, read, to_cells, write
from training.config import load_config
from training.errors import RunError

CONFIG = """
split = "generated"
[augment]
hair_probability = {hair}
[train]
seed = {seed}
batch_size = 2
learning_rate = 1e-3
phases = [{{ size_px = 64, steps = {steps} }}]
"""


def make_run(folder: Path, figure: float, seed: int = 1, hair: float = 0.0, steps: int = 3) -> Path:
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG.format(seed=seed, hair=hair, steps=steps))
    (folder / "validation.csv").write_text(f"step,balanced_accuracy\n1,0.9\n{steps},{figure}\n")
    return folder


def test_what_differs_is_named_but_the_seed(tmp_path: Path) -> None:
    base, other = make_run(tmp_path / "base", 0.7), make_run(tmp_path / "other", 0.7, seed=2, hair=0.2, steps=5)
    configs = [load_config(run / "config.toml") for run in (base, other)]
    said = differences(*configs)
    assert "augment.hair_probability 0.0 → 0.2" in said
    assert "train.phases 3 at 64 px → 5 at 64 px" in said
    assert "seed" not in said
    assert differences(configs[0], load_config(make_run(tmp_path / "twin", 0.7, seed=9) / "config.toml")) == (
        "nothing but the seed"
    )


def test_the_table_holds_gains_and_replaces_its_own_baseline_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, hair = make_run(tmp_path / "base", 0.7), make_run(tmp_path / "hair", 0.7123, hair=0.2)
    (hair / "quantization.json").write_text(json.dumps({"balanced_accuracy_int8": 0.7071}))
    elsewhere, table = make_run(tmp_path / "elsewhere", 0.5), tmp_path / "table.csv"
    assert main(["ablations", str(elsewhere), "--into", str(table)]) == 0
    assert main(["ablations", str(base), "--into", str(table)]) == 0
    assert main(["ablations", str(base), str(hair), "--into", str(table)]) == 0
    rows = read(table)
    assert [(row.baseline, row.run) for row in rows] == [
        ("elsewhere", "elsewhere"), ("base", "base"), ("base", "hair"),
    ]  # fmt: skip
    assert (rows[2].gain, rows[2].balanced_accuracy, rows[2].int8_balanced_accuracy) == (1.2, 0.7123, 0.7071)
    assert rows[1].int8_balanced_accuracy is None
    assert to_cells(rows)[3][5:] == ["+1.2", "0.707"]
    assert "| hair | augment.hair_probability 0.0 → 0.2 | 1 | 3 | 0.712 | +1.2 | 0.707 |" in capsys.readouterr().out


def test_a_foreign_table_and_twice_the_same_name_are_errors(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RunError, match="is not a table of"):
        read(tmp_path / "table.csv")
    run = make_run(tmp_path / "run", 0.5)
    with pytest.raises(RunError, match="different names"):
        compare(run, [run])
    write(compare(run, []), tmp_path / "new.csv")
    assert read(tmp_path / "new.csv")[0].differs == "baseline"
