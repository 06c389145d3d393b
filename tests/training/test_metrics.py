from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import area_under_curve, balanced_accuracy, expected_calibration_error, recalls


def test_metrics_by_hand() -> None:
    target = np.array([0, 0, 0, 0, 1, 1, 3])
    predicted = np.array([0, 0, 0, 1, 1, 0, 3])
    assert recalls(predicted, target) == {0: 0.75, 1: 0.5, 3: 1.0}
    assert balanced_accuracy(predicted, target) == 0.75
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
