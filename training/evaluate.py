"""A bundle judged through the very classifier that the kiosk runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Decision, Manifest
from edge_models.classifier import Classifier
from edge_models.context import Context
from edge_models.labels import LesionClass
from training.bootstrap import by_lesion
from training.dataset import CLASS_ORDER, Sample, read_rgb, targets
from training.metrics import area_under_curve, balanced_accuracy, expected_calibration_error, recalls, top_accuracy
from training.progress import shown
from training.strata import error_at_own_prevalence, specificity_at, strata

Figures = dict[str, Any]
"""Numbers by name, and tables of them."""

CONTEXT_FIGURES = (
    "balanced_accuracy", "top1_accuracy", "malignant_auc", "referral_sensitivity", "referral_specificity",
    "melanoma_auc", "melanoma_sensitivity", "melanoma_specificity", "expected_calibration_error",
)  # fmt: skip
"""What `evaluate` gives with age, sex and site too: what they gain, and what they cost at the thresholds."""


class Judgements(NamedTuple):
    """What a classifier said of N pictures, classes in `CLASS_ORDER`.

    Attributes:
        probabilities: float64[N, 7].
        scores: float64[N, 7].
        sets: bool[N, 7], the conformal sets.
        unfamiliarity: float64[N].
    """

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    sets: NDArray[np.bool_]
    unfamiliarity: NDArray[np.float64]


class FloatJudgements(NamedTuple):
    """What the float32 networks behind a bundle say of N pictures, classes in `CLASS_ORDER`.

    Attributes:
        probabilities: float64[N, 7].
        scores: float64[N, 7].
    """

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]


def judge(
    bundle: Path,
    pictures: Sequence[Path],
    contexts: Sequence[Context] | None = None,
    change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None,
    workers: int = 2,
) -> Judgements:
    """Classify image files with a bundle on the CPU.

    Args:
        bundle: folder of a sealed bundle.
        pictures: at least one.
        contexts: what is known of the patients, one a picture; None: nothing is.
        change: made to every decoded picture first.
        workers: classifiers at work side by side, one thread each.
    """
    idle: SimpleQueue[Classifier] = SimpleQueue()
    for _ in range(workers):
        idle.put(Classifier.open(bundle, engine="cpu", threads=1))

    def run(number: int) -> tuple[list[float], list[float], list[bool], float]:
        classifier = idle.get()
        try:
            rgb = read_rgb(pictures[number])
            said = classifier.classify(change(rgb) if change else rgb, contexts[number] if contexts else None)
        finally:
            idle.put(classifier)
        return (
            [said.probabilities[lesion] for lesion in CLASS_ORDER],
            [said.scores[lesion] for lesion in CLASS_ORDER],
            [lesion in said.prediction_set for lesion in CLASS_ORDER],
            said.unfamiliarity,
        )

    with ThreadPoolExecutor(workers) as pool:
        rows = list(shown(pool.map(run, range(len(pictures))), len(pictures), "pictures"))
    for _ in range(workers):
        idle.get().close()
    return Judgements(*(np.array(column) for column in zip(*rows, strict=True)))


def lesion_figures(judgements: Judgements, samples: Sequence[Sample], decision: Decision) -> Figures:
    """The figures of one data set of lesions.

    Returns:
        By name; `balanced_accuracy` and `recall` are of the class with the highest score under equal priors, the
        thresholds' figures and `top1_accuracy` are of the calibrated probabilities. Squamous carcinoma, which is none
        of the seven classes, is left out of the former two and is malignant in all others.
    """
    seven = np.array([not sample.finding for sample in samples])
    target = targets(samples)
    p = judgements.probabilities
    malignant = np.array([lesion.malignant for lesion in CLASS_ORDER])
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    ill, risk = malignant[target], p[:, malignant].sum(axis=1)
    referred = risk >= decision.referral_threshold
    named = p[:, melanoma] >= decision.melanoma_threshold
    chosen = judgements.scores.argmax(axis=1)
    return {
        "images": len(samples),
        "lesions": len({sample.lesion_id for sample in samples}),
        "balanced_accuracy": balanced_accuracy(chosen[seven], target[seven]),
        "recall": {CLASS_ORDER[label].code: value for label, value in recalls(chosen[seven], target[seven]).items()},
        "top1_accuracy": top_accuracy(p, target, 1),
        "top3_accuracy": top_accuracy(p, target, 3),
        "expected_calibration_error": expected_calibration_error(p, target),
        "malignant_auc": area_under_curve(risk, ill),
        "specificity_at_95": specificity_at(0.95, risk, ill),
        "referral_sensitivity": float(referred[ill].mean()),
        "referral_specificity": float(1.0 - referred[~ill].mean()),
        "melanoma_auc": area_under_curve(p[:, melanoma], target == melanoma),
        "melanoma_sensitivity": float(named[target == melanoma].mean()),
        "melanoma_specificity": float(1.0 - named[target != melanoma].mean()),
        "conformal_coverage": float(judgements.sets[np.arange(len(target)), target].mean()),
        "conformal_mean_size": float(judgements.sets.sum(axis=1).mean()),
        "refused_as_unfamiliar": float(np.mean(judgements.unfamiliarity > 1.0)),
    }


def integer_figures(real: FloatJudgements, integer: Judgements, samples: Sequence[Sample]) -> dict[str, float]:
    """What integers cost the whole assessment of N images.

    Args:
        real: `training.integers.judge_in_float`.
        integer: what the bundle said of the same images.

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
        `lesion_figures` of every data set; with them `with_context`, what age, sex and site make of some of them, and
        `integers`, where `real` has it. Of the photos, how many are refused.
    """
    figures: dict[str, Figures] = {}
    of_class = dict(zip(manifest.classes, manifest.calibration.prevalence, strict=True))
    prevalence = np.array([of_class[lesion] for lesion in CLASS_ORDER])
    for name, samples in lesions.items():
        paths, contexts = [sample.path for sample in samples], [sample.context for sample in samples]
        plain = judge(bundle, paths)
        figures[name] = lesion_figures(plain, samples, manifest.decision)
        risk = plain.probabilities[:, [lesion.malignant for lesion in CLASS_ORDER]].sum(axis=1)
        figures[name]["strata"] = strata(samples, risk, risk >= manifest.decision.referral_threshold)
        figures[name]["error_at_own_prevalence"] = error_at_own_prevalence(plain.probabilities, samples, prevalence)
        if manifest.context is not None:
            with_context = lesion_figures(judge(bundle, paths, contexts), samples, manifest.decision)
            figures[name]["with_context"] = {key: float(str(with_context[key])) for key in CONTEXT_FIGURES}
        if name in real:
            figures[name]["integers"] = integer_figures(real[name], plain, samples)
    for name, pictures in not_lesions.items():
        refused = judge(bundle, pictures).unfamiliarity > 1.0
        figures[name] = {"images": len(pictures), "refused_as_unfamiliar": float(refused.mean())}
    return figures
