"""Runs are matched to a bundle's members by what their networks are, not by their names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models.errors import BundleError
from edge_models.preprocess import View
from training import member_weights, runs
from training.draft import integers_of
from training.errors import DatasetError, RunError
from training.runs import keep_logs, keep_run, open_run, read_members, restore, runs_of, views_of

CONFIG = """
split = "generated"
[train]
seed = 1
batch_size = 2
learning_rate = 1e-3
phases = [{ size_px = 64, steps = 3 }]
"""


def make_run(folder: Path, network: bytes, config: str = CONFIG) -> Path:
    folder.mkdir()
    (folder / "config.toml").write_text(config)
    (folder / f"{folder.name}_int8.tflite").write_bytes(network)
    (folder / "quantization.json").write_text(json.dumps({"sha256": hashlib.sha256(network).hexdigest(), "step": 3}))
    return folder


def test_runs_come_in_the_order_of_the_members(tmp_path: Path, tiny_bundle: Path) -> None:
    first, second = bundles.load(tiny_bundle).member_bytes
    one, two = make_run(tmp_path / "x", second), make_run(tmp_path / "y", first)
    assert runs_of(tiny_bundle, [one, two]) == [two, one]


def test_a_member_without_a_run_and_a_run_without_a_member_are_errors(tmp_path: Path, tiny_bundle: Path) -> None:
    first, second = bundles.load(tiny_bundle).member_bytes
    runs = [make_run(tmp_path / "x", first), make_run(tmp_path / "y", second), make_run(tmp_path / "z", b"other")]
    with pytest.raises(RunError, match=r"no run given holds tiny_b_int8\.tflite"):
        runs_of(tiny_bundle, runs[:1])
    with pytest.raises(RunError, match=r"was not made of the network that .*z holds"):
        runs_of(tiny_bundle, runs)


def test_members_must_fit_each_other(tmp_path: Path) -> None:
    one, two = make_run(tmp_path / "x", b"1"), make_run(tmp_path / "y", b"2")
    larger = make_run(tmp_path / "large", b"4", CONFIG + "\n[model]\nsize_px = 320\n")
    networks = {"x_int8.tflite": b"1", "large_int8.tflite": b"4"}
    assert read_members([one, larger]) == (networks, (224, 320), "generated")
    with pytest.raises(RunError, match="different runs"):
        read_members([one, one])
    narrow = make_run(tmp_path / "n", b"3", CONFIG.replace("generated", "ham10000_v1"))
    wide = make_run(tmp_path / "w", b"5", CONFIG.replace("generated", "v2"))
    assert read_members([narrow, wide])[2] == "v2"
    leaky = make_run(tmp_path / "z", b"6", CONFIG.replace("generated", "ham10000_leaky"))
    with pytest.raises(DatasetError, match="other parts of the split"):
        read_members([wide, leaky])
    (two / "y_int8.tflite").unlink()
    with pytest.raises(RunError, match="not quantized"):
        read_members([one, two])


def test_a_run_keeps_the_configuration_it_was_started_with(tmp_path: Path) -> None:
    first, other = tmp_path / "first.toml", tmp_path / "other.toml"
    first.write_text(CONFIG)
    other.write_text(CONFIG.replace("seed = 1", "seed = 2").replace("steps = 3", "steps = 5"))
    run = tmp_path / "runs" / "x"
    assert open_run(first, run) == open_run(first, run)
    with pytest.raises(RunError, match=r"another configuration \(train\.seed 1 → 2; train\.phases 3 at .*5 at"):
        open_run(other, run)
    assert (run / "config.toml").read_text() == CONFIG


def test_the_logs_that_are_kept_are_the_small_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path / "x", b"network")
    with pytest.raises(RunError, match=r"x holds no environment\.json"):
        keep_logs([run], tmp_path / "kept")
    (run / "environment.json").write_text("{}")
    (run / "validation.csv").write_text("step,balanced_accuracy\n")
    keep_logs([run], tmp_path / "kept")
    kept = {path.name: path.read_text() for path in (tmp_path / "kept" / "x").iterdir()}
    assert kept == {"config.toml": CONFIG, "environment.json": "{}", "validation.csv": "step,balanced_accuracy\n"}


def test_a_bundle_stands_for_its_members_and_its_views(tmp_path: Path, make_bundle: Callable[..., Path]) -> None:
    made = make_bundle({"split": "generated"})
    loaded = bundles.load(made)
    networks = dict(zip(loaded.manifest.members, loaded.member_bytes, strict=True))
    assert read_members([made]) == (networks, loaded.manifest.input_sizes_px, "generated")
    run = make_run(tmp_path / "x", b"1")
    assert read_members([made, run]) == ({**networks, "x_int8.tflite": b"1"}, (32, 48, 224), "generated")
    assert views_of([made]) == loaded.manifest.views
    with pytest.raises(RunError, match="different runs"):
        read_members([made, made])
    with pytest.raises(RunError, match="in different views"):
        views_of([made, make_bundle({"views": [View().to_json()]})])
    (made / "tiny_a_int8.tflite").write_bytes(b"altered")
    with pytest.raises(BundleError, match="not the file that was published"):
        read_members([made])


def test_what_integers_cost_is_taken_over_where_nothing_that_decides_it_changed(
    make_bundle: Callable[..., Path],
) -> None:
    cost = {"loss": 0.01}
    published = make_bundle({"figures": {"validation": {"integers": cost}, "not_lesions": {}}})
    assert integers_of(published, make_bundle()) == {"validation": cost}
    with pytest.raises(RunError, match="does not say what the integers cost"):
        integers_of(make_bundle(), published)
    with pytest.raises(RunError, match="differ in members, views or calibration"):
        integers_of(published, make_bundle({"views": [View().to_json()]}))


def finished(folder: Path, config: str = CONFIG) -> Path:
    """A run's folder as training leaves it."""
    run = make_run(folder, b"network", config)
    member_weights.save(run, {"Conv1/0": np.ones((3, 3, 3, 2), np.float32)}, 3)
    for name in ("steps.csv", "validation.csv", "environment.json"):
        (run / name).write_text(f"{name}\n")
    return run


def test_a_finished_run_is_kept_and_restored_in_a_fresh_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WEIGHTS", tmp_path / "committed")
    kept = keep_run(finished(tmp_path / "x"))
    assert sorted(path.name for path in kept.iterdir()) == [
        "config.toml",
        "environment.json",
        "steps.csv",
        "validation.csv",
        "weights.npz",
    ]
    fresh = tmp_path / "clone" / "x"
    open_run(kept / "config.toml", fresh)
    assert restore(fresh)
    assert member_weights.load(fresh)[1] == 3
    assert restore(fresh), "it is finished now"


def test_a_run_of_another_configuration_or_one_begun_is_not_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "WEIGHTS", tmp_path / "committed")
    keep_run(finished(tmp_path / "x"))
    (tmp_path / "other").mkdir()
    other = make_run(tmp_path / "other" / "x", b"", CONFIG.replace("seed = 1", "seed = 2"))
    assert not restore(other)
    (tmp_path / "begun").mkdir()
    begun = make_run(tmp_path / "begun" / "x", b"")
    (begun / "state.pt").write_bytes(b"")
    assert not restore(begun)
    assert not restore(make_run(tmp_path / "unknown", b""))


def test_what_is_not_finished_or_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WEIGHTS", tmp_path / "committed")
    run = finished(tmp_path / "x")
    monkeypatch.setattr(runs, "LARGEST_BYTES", 10)
    with pytest.raises(RunError, match="more than the 10 that a file here may have"):
        keep_run(run)
    (run / "weights.npz").unlink()
    with pytest.raises(RunError, match=r"holds no weights\.npz"):
        keep_run(run)
    assert not (tmp_path / "committed").exists()
