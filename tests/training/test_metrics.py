from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import (
    area_under_curve,
    confusion,
    expected_calibration_error,
    precisions,
    reliability,
    roc_curve,
    top_accuracy,
)


def test_the_calibration_error_by_hand() -> None:
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    assert expected_calibration_error(p, np.array([0, 1, 0, 0])) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


@given(st.data())
def test_area_under_curve_counts_pairs(data: st.DataObject) -> None:
    positive = np.array(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=12)), np.float64)
    negative = np.array(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=12)), np.float64)
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    score = np.concatenate([positive, negative])
    labels = np.concatenate([np.ones(len(positive), bool), np.zeros(len(negative), bool)])
    assert area_under_curve(score, labels) == pytest.approx(np.mean(pairs))


def test_more_metrics_by_hand() -> None:
    target = np.array([0, 0, 1, 2])
    predicted = np.array([0, 1, 1, 1])
    assert precisions(predicted, target) == {0: 1.0, 1: pytest.approx(1 / 3)}
    assert confusion(predicted, target, 3).tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.1, 0.2, 0.7]])
    assert [top_accuracy(p, target, count) for count in (1, 2, 3)] == [0.5, 0.75, 1.0]
    assert reliability(p, target, 5) == [(0.5, 0.5, 2), (pytest.approx(0.7), 0.5, 2)]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_the_area_under_the_roc_curve_is_the_area_under_the_curve(cases: list[tuple[int, bool]]) -> None:
    score = np.array([value for value, _ in cases], np.float64)
    positive = np.array([kind for _, kind in cases])
    if positive.all() or not positive.any():
        return
    false_rate, true_rate = roc_curve(score, positive)
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0.0, 0.0, 1.0, 1.0)
    area = float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2.0))
    assert area == pytest.approx(area_under_curve(score, positive))
