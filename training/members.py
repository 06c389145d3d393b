"""Which runs become members: what every set of them is worth, alone and together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import calibrate, equal_priors
from training.calibrate import fit_probabilities
from training.dataset import CLASS_ORDER
from training.metrics import area_under_curve, balanced_accuracy, log_loss


class Worth(NamedTuple):
    """What a set of members is worth on one part of the data.

    Attributes:
        balanced_accuracy: of the scores under equal priors.
        accuracy: of the calibrated probabilities.
        log_loss: of the calibrated probabilities, in nats a picture.
        malignant_auc: of the probabilities of the malignant classes together.
    """

    balanced_accuracy: float
    accuracy: float
    log_loss: float
    malignant_auc: float


def member_table(
    log_softmax: Mapping[str, NDArray[np.float64]],
    target: Mapping[str, NDArray[np.int64]],
    fitted_on: str,
    prevalence: NDArray[np.float64],
    elsewhere: NDArray[np.float64] | float = 0.0,
) -> Iterator[tuple[tuple[int, ...], dict[str, Worth]]]:
    """Every set of members, smallest first, each calibrated with a fit of its own.

    Args:
        log_softmax: float64[N, members, views, 7] by part of the data.
        target: int64[N] by part.
        fitted_on: the part that temperature and biases are fitted on; its own figures flatter a little.
        prevalence: float64[7], as for `fit_probabilities`.
        elsewhere: as for `fit_probabilities`, of the part that is fitted on.
    """
    members = range(log_softmax[fitted_on].shape[1])
    for chosen in (each for count in members for each in combinations(members, count + 1)):
        pooled = {part: values[:, chosen].mean(axis=(1, 2)) for part, values in log_softmax.items()}
        calibration = fit_probabilities(pooled[fitted_on], target[fitted_on], prevalence, elsewhere)
        worth = {}
        for part, mean_log_p in pooled.items():
            probabilities = calibrate(mean_log_p, calibration)
            scores = equal_priors(probabilities, calibration)
            worth[part] = _worth(probabilities, scores, target[part])
        yield chosen, worth


def to_rows(table: Iterator[tuple[tuple[int, ...], dict[str, Worth]]], names: Sequence[str]) -> list[list[str]]:
    """Cells of a table for people: a head of `members` and the parts, then one row a set."""
    rows: list[list[str]] = []
    for chosen, worth in table:
        rows = rows or [["members", *worth]]
        figures = (
            f"{each.balanced_accuracy:.3f} / {each.accuracy:.3f} / {each.log_loss:.3f} / {each.malignant_auc:.3f}"
            for each in worth.values()
        )
        rows.append([" + ".join(names[place] for place in chosen), *figures])
    return rows


def _worth(probabilities: NDArray[np.float64], scores: NDArray[np.float64], target: NDArray[np.int64]) -> Worth:
    malignant = np.array([lesion.malignant for lesion in CLASS_ORDER])
    return Worth(
        balanced_accuracy=balanced_accuracy(scores.argmax(axis=1), target),
        accuracy=float(np.mean(probabilities.argmax(axis=1) == target)),
        log_loss=log_loss(probabilities, target),
        malignant_auc=area_under_curve(probabilities[:, malignant].sum(axis=1), malignant[target]),
    )
