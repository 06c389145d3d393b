from __future__ import annotations

import numpy as np

from edge_models.recall import balanced_accuracy, recalls


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_that_occur() -> None:
    target = np.array([0, 0, 0, 0, 1, 1, 3])
    predicted = np.array([0, 0, 0, 1, 1, 0, 3])
    assert recalls(predicted, target) == {0: 0.75, 1: 0.5, 3: 1.0}
    assert balanced_accuracy(predicted, target) == 0.75


def test_a_class_that_does_not_occur_has_no_recall() -> None:
    assert recalls(np.array([2, 2]), np.array([1, 2])) == {1: 0.0, 2: 1.0}
