"""What a teacher says is asked of the very pictures, under the prior that the student sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.config import DistillConfig
from training.distill import make_soften, opinion, soften
from training.errors import TrainingError

EVEN = np.full(7, -np.log(7.0))
PICTURES = np.arange(2 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(2, 32, 32, 3)


class Teacher:
    """Says the same of every picture."""

    def __init__(self, logits: list[float]) -> None:
        self._logits = np.array(logits, np.float32)

    def predict_on_batch(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(self._logits, (len(pictures), 1))


SURE_OF_0, SURE_OF_1 = Teacher([5, 0, 0, 0, 0, 0, 0]), Teacher([0, 5, 0, 0, 0, 0, 0])


def test_teachers_are_heard_equally_and_a_prior_moves_them() -> None:
    pytest.importorskip("keras", reason="the training extra is not installed")
    both = opinion([SURE_OF_0, SURE_OF_1], PICTURES, EVEN)
    np.testing.assert_allclose(both.sum(axis=1), 1.0)
    np.testing.assert_allclose(both[:, 0], both[:, 1])
    assert (both[:, 0] > both[:, 2]).all()
    moved = opinion([SURE_OF_0, SURE_OF_1], PICTURES, np.log([0.1, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1]))
    np.testing.assert_allclose(moved[:, 1] / moved[:, 0], 4.0)


@given(share=st.floats(0.0, 1.0), truth=st.integers(0, 6))
def test_softened_labels_are_distributions_between_the_two(share: float, truth: int) -> None:
    labels = np.eye(7, dtype=np.float32)[[truth]]
    said = np.full((1, 7), 1 / 7)
    mixed = soften(labels, said, share)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, labels + share * (said - labels), atol=1e-6)
    np.testing.assert_allclose(mixed.sum(), 1.0, atol=1e-6)


def test_without_teachers_labels_stay(tmp_path: Path) -> None:
    labels = np.eye(7, dtype=np.float32)[:2]
    assert make_soften(DistillConfig(), tmp_path, EVEN)(PICTURES, labels) is labels


def test_a_teacher_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nobody"):
        make_soften(DistillConfig(("nobody",)), tmp_path, EVEN)
