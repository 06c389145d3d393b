"""Weights by layer in float16: what they keep, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training import member_weights
from training.dataset import OUTPUTS
from training.errors import RunError
from training.layers import HEAD, convolutions


@pytest.fixture
def arrays() -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(5)
    shapes = {f"{HEAD}/0": (1, 1, 6, 7), f"{HEAD}/1": (7,), "Conv1/0": (3, 3, 3, 4)}
    return {key: rng.normal(0.0, 2.0, shape).astype(np.float32) for key, shape in shapes.items()}


def test_what_is_saved_is_read_back_to_half_precision(tmp_path: Path, arrays: dict[str, NDArray[np.float32]]) -> None:
    member_weights.save(tmp_path / "run", arrays, 17)
    read, step = member_weights.load(tmp_path / "run")
    assert step == 17
    assert set(read) == set(arrays)
    for key, values in arrays.items():
        assert read[key].dtype == np.float32
        np.testing.assert_allclose(read[key], values, rtol=1e-3)


def test_a_value_beyond_half_precision_is_refused(tmp_path: Path, arrays: dict[str, NDArray[np.float32]]) -> None:
    with pytest.raises(RunError, match="Conv1/0 does not fit"):
        member_weights.save(tmp_path, arrays | {"Conv1/0": np.full(3, 1e6, np.float32)}, 1)
    assert not (tmp_path / member_weights.FILE).exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken"])
def test_missing_or_damaged_weights_are_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / member_weights.FILE).write_bytes(content)
    with pytest.raises(RunError, match=r"weights\.npz cannot be used"):
        member_weights.load(tmp_path)


def test_the_eighth_output_begins_as_akiec(arrays: dict[str, NDArray[np.float32]]) -> None:
    wide = member_weights.widened(arrays)
    assert member_weights.outputs(wide) == len(OUTPUTS)
    np.testing.assert_array_equal(wide[f"{HEAD}/0"][..., 7], arrays[f"{HEAD}/0"][..., OUTPUTS.index("akiec")])
    assert member_weights.widened(wide)[f"{HEAD}/1"].shape == (8,)


def test_weights_are_found_beside_other_runs_or_among_the_committed(
    tmp_path: Path, arrays: dict[str, NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_weights, "WEIGHTS", tmp_path / "committed")
    member_weights.save(tmp_path / "committed" / "old", arrays, 1)
    member_weights.save(tmp_path / "runs" / "new", arrays, 1)
    assert member_weights.locate("old", tmp_path / "runs") == tmp_path / "committed" / "old"
    assert member_weights.locate("new", tmp_path / "runs") == tmp_path / "runs" / "new"
    with pytest.raises(RunError, match="the weights of none"):
        member_weights.locate("none", tmp_path / "runs")


def test_every_committed_file_of_weights_is_whole_and_small() -> None:
    folders = sorted(path.parent for path in member_weights.WEIGHTS.glob("*/weights.npz"))
    assert folders, "nothing that was trained is kept"
    for folder in folders:
        arrays, _ = member_weights.load(folder)
        assert {key.split("/")[0] for key in arrays} == {name for pair in convolutions() for name in pair} | {HEAD}
        assert (folder / member_weights.FILE).stat().st_size <= 6_000_000
