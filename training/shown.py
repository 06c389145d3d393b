"""What a bundle's `plots.json` holds: measured on held-out lesions, drawn by the kiosk (`edge_models.plots`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from edge_models.plots import FIGURES, Bar, Plots
from training.dataset import CLASS_ORDER, Sample, targets
from training.evaluate import lesion_figures
from training.judge import Judgements, judge
from training.levels import MALIGNANT
from training.metrics import confusion, reliability, roc_curve

CURVE_POINTS = 80
BINS = 10


def measure(bundle: Path, held_out: Sequence[Sample], trained_on: Sequence[Sample]) -> Plots:
    """Judge the held-out pictures with a sealed bundle, and say what is drawn of that."""
    return plots_of(judge(bundle, [sample.path for sample in held_out]), held_out, trained_on)


def plots_of(judged: Judgements, held_out: Sequence[Sample], trained_on: Sequence[Sample]) -> Plots:
    """What is drawn of judgements.

    Args:
        judged: of N pictures.
        held_out: these pictures, N in the same order. Squamous carcinoma, which is none of the seven classes, counts
            where malignant lesions are told from benign ones, and nowhere else.
        trained_on: the training part.
    """
    target = targets(held_out)
    seven = np.array([not sample.finding for sample in held_out])
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    rows = confusion(judged.scores.argmax(axis=1)[seven], target[seven], len(CLASS_ORDER))
    figures = lesion_figures(judged, held_out)
    return Plots(
        classes=CLASS_ORDER,
        pictures=len(held_out),
        lesions=len({sample.lesion_id for sample in held_out}),
        curves={
            "malignant": thinned(*roc_curve(judged.malignant, MALIGNANT[target])),
            "melanoma": thinned(*roc_curve(judged.probabilities[:, melanoma], target == melanoma)),
        },
        reliability=tuple(
            Bar(round(said, 4), round(right, 4), pictures)
            for said, right, pictures in reliability(judged.probabilities[seven], target[seven], BINS)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in rows),
        trained_on=tuple(int(count) for count in np.bincount(targets(trained_on), minlength=len(CLASS_ORDER))),
        figures={name: round(float(figures[name]), 4) for name in FIGURES},
    )


def thinned(across: NDArray[np.float64], up: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """At most `CURVE_POINTS` points of an ascending curve, both float64[K], evenly along it; its ends among them."""
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))])
    kept = np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], CURVE_POINTS)).clip(0, len(way) - 1))
    return tuple((round(float(across[at]), 4), round(float(up[at]), 4)) for at in kept)
