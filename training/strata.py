"""Figures of one data set by what its pictures have in common: skin tone, proof of the label, squamous carcinoma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.dataset import CLASS_ORDER, SCC, Sample, targets
from training.metrics import area_under_curve, expected_calibration_error

TONES = {"skin tone 0 to 2 (darker)": (0, 1, 2), "skin tone 3": (3,), "skin tone 4 and 5 (lighter)": (4, 5)}
"""MILK10k's scale: 0 is the darkest."""
SQUAMOUS = "squamous carcinoma"
_FEWEST = 5
"""Pictures of each kind, malignant and benign, that a figure needs."""


def groups(samples: Sequence[Sample]) -> dict[str, NDArray[np.bool_]]:
    """Which of N pictures belong to each group, bool[N]; groups may overlap, and empty ones are left out."""
    found = {name: np.array([sample.skin_tone in tones for sample in samples]) for name, tones in TONES.items()}
    found["proven by histology"] = np.array([sample.confirmed_by == "histo" for sample in samples])
    found["known otherwise"] = np.array([sample.confirmed_by not in ("histo", "") for sample in samples])
    return {name: chosen for name, chosen in found.items() if chosen.any()}


def strata(
    samples: Sequence[Sample], risk: NDArray[np.float64], referred: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """How malignant pictures are told from benign ones in each group, and which are referred.

    Args:
        samples: N images.
        risk: float64[N], the probabilities of the malignant classes together.
        referred: bool[N].

    Returns:
        By group: `images`, `malignant` (how many), `referral_sensitivity` and `referral_specificity`, and
        `malignant_auc` where there are five of each kind. Squamous carcinoma has `images` and `referral_sensitivity`.
    """
    ill = np.array([sample.label.malignant for sample in samples])
    found: dict[str, dict[str, float]] = {}
    for name, chosen in groups(samples).items():
        sick, well = chosen & ill, chosen & ~ill
        figures: dict[str, float] = {"images": int(chosen.sum()), "malignant": int(sick.sum())}
        if min(sick.sum(), well.sum()) >= _FEWEST:
            figures["referral_sensitivity"] = float(referred[sick].mean())
            figures["referral_specificity"] = float(1.0 - referred[well].mean())
            figures["malignant_auc"] = area_under_curve(risk[chosen], ill[chosen])
        found[name] = figures
    squamous = np.array([sample.finding == SCC for sample in samples])
    if squamous.any():
        found[SQUAMOUS] = {
            "images": int(squamous.sum()),
            "referral_sensitivity": float(referred[squamous].mean()),
        }
    return found


def error_at_own_prevalence(
    probabilities: NDArray[np.float64], samples: Sequence[Sample], prevalence: NDArray[np.float64]
) -> float:
    """Expected calibration error of probabilities float64[N, 7], turned from `prevalence` to the samples' own."""
    target = targets(samples)
    own = np.bincount(target, minlength=len(CLASS_ORDER)) / len(target)
    turned = probabilities * (own / prevalence)
    return expected_calibration_error(turned / turned.sum(axis=1, keepdims=True), target)


def specificity_at(sensitivity: float, risk: NDArray[np.float64], ill: NDArray[np.bool_]) -> float:
    """Share of the benign below the highest threshold that this share of the malignant reaches."""
    order = np.sort(risk[ill])
    threshold = order[int(np.floor((1.0 - sensitivity) * len(order)))]
    return float((risk[~ill] < threshold).mean())
