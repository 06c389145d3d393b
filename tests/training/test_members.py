"""Every set of members is calibrated by itself and measured on every part."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.classifier import log_softmax
from training.members import Worth, member_table, to_rows

PREVALENCE = np.full(7, 1 / 7)


def evidence(seed: int, count: int, skill: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 7, count)
    noise = rng.normal(size=(count, len(skill), 2, 7))
    logits = noise + np.array(skill)[None, :, None, None] * np.eye(7)[target][:, None, None]
    return log_softmax(logits.astype(np.float32)), target


def table(skill: tuple[float, ...]) -> dict[tuple[int, ...], dict[str, Worth]]:
    parts = {"fit": evidence(1, 400, skill), "new": evidence(2, 600, skill)}
    return dict(
        member_table(
            {part: log_p for part, (log_p, _) in parts.items()},
            {part: target for part, (_, target) in parts.items()},
            "fit",
            PREVALENCE,
        )
    )


def test_every_set_is_there_once() -> None:
    assert list(table((1.0, 1.0, 1.0))) == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]


def test_two_that_err_differently_are_worth_more_than_either_and_a_guesser_adds_nothing() -> None:
    worth = {chosen: parts["new"] for chosen, parts in table((2.0, 2.0, 0.0)).items()}
    for better, worse in (((0, 1), (0,)), ((0, 1), (1,)), ((0,), (2,)), ((0, 1), (0, 1, 2))):
        assert worth[better].log_loss < worth[worse].log_loss
        assert worth[better].malignant_auc > worth[worse].malignant_auc
    assert worth[(2,)].log_loss == pytest.approx(np.log(7), abs=0.05)  # calibrated: it knows that it knows nothing


def test_rows_for_people() -> None:
    head, *rows = to_rows(iter(table((1.0, 1.0)).items()), ["a", "b"])
    assert head == ["members", "fit", "new"]
    assert [row[0] for row in rows] == ["a", "b", "a + b"]
    assert all(cell.count(" / ") == 3 for row in rows for cell in row[1:])
