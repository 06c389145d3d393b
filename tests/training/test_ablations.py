"""The table of runs says what differs, and how much of a gain may be chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from training.ablations import Ablation, compare, differences, gains, read, to_cells, write
from training.config import load_config
from training.dataset import CLASS_ORDER, Sample
from training.errors import RunError

CONFIG = """
split = "{split}"
[augment]
hair_probability = {hair}
[train]
seed = {seed}
batch_size = 2
learning_rate = 1e-3
phases = [{{ size_px = 64, steps = {steps} }}]
"""


def make_run(folder: Path, seed: int = 1, hair: float = 0.0, steps: int = 3, split: str = "generated") -> Path:
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG.format(seed=seed, hair=hair, steps=steps, split=split))
    return folder


def make_samples(each: int) -> list[Sample]:
    return [
        Sample(f"{label.code}_{number}", f"{label.code}_{number}", label, Path("nowhere.jpg"))
        for label in LesionClass
        for number in range(each)
    ]


def say(samples: list[Sample], right: float, seed: int) -> NDArray[np.float64]:
    """float64[N, 7]: noise, higher for the true class in that share of the samples."""
    rng = np.random.default_rng(seed)
    said = rng.random((len(samples), len(CLASS_ORDER)))
    for row, sample in zip(said, samples, strict=True):
        row[sample.target] += 2.0 * (rng.random() < right)
    return said


def row(baseline: str, run: str) -> Ablation:
    return Ablation(baseline, run, "what; differs", 1, 3, 0.7123, 1.2, -0.5, 2.9, 0.9, 0.3, 0.1, 0.5)


def test_what_differs_is_named_but_the_seed(tmp_path: Path) -> None:
    base, other = make_run(tmp_path / "base"), make_run(tmp_path / "other", seed=2, hair=0.2, steps=5)
    configs = [load_config(run / "config.toml") for run in (base, other)]
    said = differences(*configs)
    assert "augment.hair_probability 0.0 → 0.2" in said
    assert "train.phases 3 at 64 px → 5 at 64 px" in said
    assert "seed" not in said
    assert differences(configs[0], load_config(make_run(tmp_path / "twin", seed=9) / "config.toml")) == (
        "nothing but the seed"
    )


def test_how_often_a_run_was_looked_at_and_saved_is_no_difference(tmp_path: Path) -> None:
    base = load_config(make_run(tmp_path / "base") / "config.toml")
    watched = replace(base, train=replace(base.train, evaluate_every=1, checkpoint_every=1))
    assert differences(base, watched) == "nothing but the seed"


def test_a_gain_is_told_from_chance_where_it_is_one() -> None:
    samples = make_samples(40)
    before, better, other = say(samples, 0.6, 1), say(samples, 0.9, 2), say(samples, 0.6, 3)
    assert gains(before, before, samples)[1:4] == [0.0, 0.0, 0.0]
    figure, gain, low, high, area, area_gain, area_low, area_high = gains(before, better, samples)
    assert figure > 0.85
    assert 10.0 < low < gain < high
    assert area > 0.9
    assert 0.0 < area_low < area_gain < area_high
    _, _, low, high, *_ = gains(before, other, samples)
    assert low < 0.0 < high


def test_the_table_replaces_the_rows_of_its_own_baseline_only(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    write([row("elsewhere", "elsewhere")], table)
    write([row("base", "base")], table)
    write([row("base", "base"), row("base", "hair")], table)
    assert read(table) == [row("elsewhere", "elsewhere"), row("base", "base"), row("base", "hair")]
    assert to_cells(read(table))[2:] == [
        ["base", "what; differs", "1", "3", "0.712", "–", "0.900", "–"],
        ["hair", "what; differs", "1", "3", "0.712", "+1.2 (-0.5 to +2.9)", "0.900", "+0.3 (+0.1 to +0.5)"],
    ]


def test_a_foreign_table_and_runs_that_cannot_be_compared_are_errors(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RunError, match="is not a table of"):
        read(tmp_path / "table.csv")
    run, other = make_run(tmp_path / "run"), make_run(tmp_path / "other", split="another")
    with pytest.raises(RunError, match="different names"):
        compare(run, [run], [])
    with pytest.raises(RunError, match="other learnt from other images than run"):
        compare(run, [other], [])
