"""Tables of what a bundle is worth on pictures of other clinics, from the figures that `evaluate` measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.evaluate import OTHER_FINDINGS
from training.not_lesions import EVERYDAY

Rows = list[list[str]]

_FIGURES = {
    "images": "Images",
    "lesions": "Lesions",
    "balanced_accuracy": "Balanced accuracy of the seven classes (equal priors)",
    "malignant_auc": "Malignant: area under the ROC curve",
    "specificity_at_95": "Malignant: specificity at 95 % sensitivity",
    "referral_sensitivity": "Malignant: sensitivity at the referral threshold",
    "referral_specificity": "Malignant: specificity there",
    "melanoma_sensitivity": "Melanoma: sensitivity at the melanoma threshold",
    "melanoma_specificity": "Melanoma: specificity there",
    "expected_calibration_error": "Expected calibration error, at HAM10000's prevalence",
    "error_at_own_prevalence": "Expected calibration error, at its own prevalence",
    "conformal_coverage": "Conformal set: coverage",
    "conformal_mean_size": "Conformal set: mean size",
    "refused_as_unfamiliar": "Refused as unfamiliar",
}
_STRATA = ("images", "malignant", "referral_sensitivity", "referral_specificity", "malignant_auc")
_HEADS = ("group", "images", "malignant", "malignant referred", "benign not referred", "malignant AUC")


def source_table(figures: Mapping[str, Mapping[str, Any]]) -> Rows:
    """Every figure by data set.

    Args:
        figures: what `evaluate` measured, by the data set's name for people.
    """
    rows = [["Figure", *figures]]
    for key, title in _FIGURES.items():
        rows.append([title, *(_shown(of_it.get(key)) for of_it in figures.values())])
    return rows


def group_table(strata: Mapping[str, Mapping[str, float]]) -> Rows:
    """One data set's groups: skin tone, proof, squamous carcinoma."""
    rows = [list(_HEADS)]
    for name, figures in strata.items():
        rows.append([name, *(_shown(figures.get(key)) for key in _STRATA)])
    return rows


def other_table(figures: Mapping[str, float]) -> Rows:
    """What the operator is told of pictures whose finding is none of the classes."""
    return [
        ["pictures", "refused as unfamiliar", "model unsure", "referred"],
        [str(figures["images"]), *(_shown(figures[key]) for key in ("refused_as_unfamiliar", "unsure", "referred"))],
    ]


def refused_table(figures: Mapping[str, Mapping[str, Any]]) -> Rows:
    """Pictures of no lesion by kind, how many are refused; empty but for the head where only photos were judged."""
    rows = [["kind", "pictures", "refused"]]
    for name, of_it in figures.items():
        if "balanced_accuracy" not in of_it and name != OTHER_FINDINGS:
            kind = "everyday photos" if name == EVERYDAY else name.replace("_", " ")
            rows.append([kind, str(of_it["images"]), f"{of_it['refused_as_unfamiliar']:.1%}"])
    return rows


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
