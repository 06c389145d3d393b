"""A bundle judged: the figures that its manifest and its model card hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Manifest
from edge_models.labels import LesionClass
from training.bootstrap import by_lesion
from training.dataset import CLASS_ORDER, Sample, targets
from training.judge import REFERRAL, URGENT, Judgements, judge, judge_both
from training.levels import MALIGNANT, levels
from training.metrics import area_under_curve, balanced_accuracy, expected_calibration_error, recalls, top_accuracy
from training.strata import error_at_own_prevalence, specificity_at, strata

Figures = dict[str, Any]
"""Numbers by name, and tables of them."""

OTHER_FINDINGS = "other_findings"
"""What `other_figures` gives, among the figures."""
CONTEXT_FIGURES = (
    "balanced_accuracy", "top1_accuracy", "malignant_auc", "referral_sensitivity", "referral_specificity",
    "melanoma_auc", "melanoma_sensitivity", "melanoma_specificity", "urgent_sensitivity", "urgent_specificity",
    "expected_calibration_error",
)  # fmt: skip
"""What `evaluate` gives with age, sex and site too: what they gain, and what they cost at the thresholds."""


class FloatJudgements(NamedTuple):
    """What the float32 networks behind a bundle say of N pictures, classes in `CLASS_ORDER`.

    Attributes:
        probabilities: float64[N, 7].
        scores: float64[N, 7].
    """

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]


def lesion_figures(judgements: Judgements, samples: Sequence[Sample]) -> Figures:
    """The figures of one data set of lesions.

    Returns:
        By name; `balanced_accuracy` and `recall` are of the class with the highest score under equal priors,
        `top1_accuracy` and the like of the calibrated probabilities, `malignant_auc` of the malignant classes' sum and
        `evidence_auc` of what a referral judges. `referral_…` (of malignant images, those with an
        advice to refer), `urgent_…` and `melanoma_…` (of melanomas, those referred urgently, and those that are named)
        are of what the operator is told. Squamous carcinoma, which is none of the seven classes, is left out of the
        first two and is malignant in all others.
    """
    seven = np.array([not sample.finding for sample in samples])
    target = targets(samples)
    p = judgements.probabilities
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    ill, mel = MALIGNANT[target], target == melanoma
    referred, urgent = judgements.level <= REFERRAL, judgements.level == URGENT
    named = judgements.named[:, melanoma]
    chosen = judgements.scores.argmax(axis=1)
    return {
        "images": len(samples),
        "lesions": len({sample.lesion_id for sample in samples}),
        "balanced_accuracy": balanced_accuracy(chosen[seven], target[seven]),
        "recall": {CLASS_ORDER[label].code: value for label, value in recalls(chosen[seven], target[seven]).items()},
        "top1_accuracy": top_accuracy(p, target, 1),
        "top3_accuracy": top_accuracy(p, target, 3),
        "expected_calibration_error": expected_calibration_error(p, target),
        "malignant_auc": area_under_curve(p[:, MALIGNANT].sum(axis=1), ill),
        "evidence_auc": area_under_curve(judgements.malignant, ill),
        "specificity_at_95": specificity_at(0.95, judgements.malignant, ill),
        "referral_sensitivity": float(referred[ill].mean()),
        "referral_specificity": float(1.0 - referred[~ill].mean()),
        "melanoma_auc": area_under_curve(p[:, melanoma], mel),
        "melanoma_sensitivity": float(named[mel].mean()),
        "melanoma_specificity": float(1.0 - named[~mel].mean()),
        "urgent_sensitivity": float(urgent[mel].mean()),
        "urgent_specificity": float(1.0 - urgent[~mel].mean()),
        "conformal_coverage": float(judgements.sets[np.arange(len(target)), target].mean()),
        "conformal_mean_size": float(judgements.sets.sum(axis=1).mean()),
        "unsure": float(np.mean(judgements.unsure)),
        "refused_as_unfamiliar": float(np.mean(judgements.unfamiliarity > 1.0)),
    }


def integer_figures(real: FloatJudgements, integer: Judgements, samples: Sequence[Sample]) -> dict[str, float]:
    """What integers cost the whole assessment of N images.

    Args:
        real: `training.integers.judge_in_float`.
        integer: what the bundle said of the same images.
        samples: these images, N in the same order.

    Returns:
        `…_balanced_accuracy` (highest score under equal priors) of both and `loss`, their difference; `…_accuracy`
        (likeliest class) of both, and `same_class`, the share of pictures with the same likeliest class. `loss_low` and
        `loss_high`: the loss's 95 % bootstrap interval by lesion.
    """
    target = targets(samples)
    before, after = real.scores.argmax(axis=1), integer.scores.argmax(axis=1)

    def accuracies(chosen: NDArray[np.int64]) -> tuple[float, float]:
        return balanced_accuracy(before[chosen], target[chosen]), balanced_accuracy(after[chosen], target[chosen])

    def loss(chosen: NDArray[np.int64]) -> dict[str, float]:
        in_float, in_integers = accuracies(chosen)
        return {"loss": in_float - in_integers}

    in_float, in_integers = accuracies(np.arange(len(target)))
    low, high = by_lesion(samples, loss)["loss"]
    return {
        "float32_balanced_accuracy": in_float,
        "int8_balanced_accuracy": in_integers,
        "loss": in_float - in_integers,
        "loss_low": low,
        "loss_high": high,
        "float32_accuracy": top_accuracy(real.probabilities, target, 1),
        "int8_accuracy": top_accuracy(integer.probabilities, target, 1),
        "same_class": float(np.mean(real.probabilities.argmax(axis=1) == integer.probabilities.argmax(axis=1))),
    }


def evaluate(
    bundle: Path,
    manifest: Manifest,
    lesions: Mapping[str, Sequence[Sample]],
    not_lesions: Mapping[str, Sequence[Path]],
    real: Mapping[str, FloatJudgements],
) -> dict[str, Figures]:
    """All figures of a bundle, by data set.

    Args:
        bundle: folder of a sealed bundle.
        manifest: its manifest.
        lesions: samples by the name of their data set.
        not_lesions: pictures that nothing was fitted on, by the name of their kind ("not_lesions": everyday photos).
        real: `training.integers.judge_in_float` by data set; empty where the members' runs are not at hand.

    Returns:
        `lesion_figures` of every data set, and what the operator is told of it (`training.levels.levels`); with them
        `with_context`, what age, sex and site make of some of them, and `integers`, where `real` has it. Of the photos,
        how many are refused.
    """
    figures: dict[str, Figures] = {}
    prevalence = in_class_order(manifest)
    for name, samples in lesions.items():
        paths, contexts = [sample.path for sample in samples], [sample.context for sample in samples]
        plain, with_context = judge_both(bundle, paths, contexts)
        figures[name] = lesion_figures(plain, samples)
        kinds = {"picture": plain}
        figures[name]["strata"] = strata(samples, plain.malignant, plain.level <= REFERRAL)
        figures[name]["error_at_own_prevalence"] = error_at_own_prevalence(plain.probabilities, samples, prevalence)
        if manifest.context is not None:
            kinds["with_context"] = with_context
            informed = lesion_figures(with_context, samples)
            figures[name]["with_context"] = {key: informed[key] for key in CONTEXT_FIGURES}
        figures[name] |= levels(kinds, samples, prevalence)
        if name in real:
            figures[name]["integers"] = integer_figures(real[name], plain, samples)
    for name, pictures in not_lesions.items():
        refused = judge(bundle, pictures).unfamiliarity > 1.0
        figures[name] = {"images": len(pictures), "refused_as_unfamiliar": float(refused.mean())}
    return figures


def other_figures(bundle: Path, pictures: Sequence[Path]) -> Figures:
    """What the operator is told of pictures whose finding is none of the classes.

    Args:
        bundle: folder of a sealed bundle.
        pictures: at least one; nothing was trained or fitted on them.
    """
    said = judge(bundle, pictures)
    return {
        "images": len(pictures),
        "refused_as_unfamiliar": float(np.mean(said.unfamiliarity > 1.0)),
        "unsure": float(np.mean(said.unsure)),
        "referred": float(np.mean(said.level <= REFERRAL)),
    }


def in_class_order(manifest: Manifest) -> NDArray[np.float64]:
    """The stated prevalence, float64[7] in `CLASS_ORDER`."""
    return np.array([manifest.calibration.prevalence[manifest.classes.index(lesion)] for lesion in CLASS_ORDER])
