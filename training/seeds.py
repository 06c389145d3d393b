"""How far what ships depends on which lesions happened to calibrate it: the same fits to lesions drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models.bundle import Calibration
from edge_models.classifier import calibrate, equal_priors
from edge_models.decision import MALIGNANT, Decision
from training.dataset import CLASS_ORDER, Sample, targets
from training.draft import fit_rule, home_of
from training.inference import run_networks
from training.metrics import balanced_accuracy
from training.sources import by_source
from training.split import Part

SEEDS = (1, 2, 3)
_MALIGNANT = [CLASS_ORDER.index(lesion) for lesion in MALIGNANT]


class Outcome(NamedTuple):
    """What a fit is worth on the held-out lesions of a source, the picture alone being judged.

    Attributes:
        seed: of the draw of lesions; None: the lesions as they are.
    """

    source: str
    seed: int | None
    balanced_accuracy: float
    referral_sensitivity: float
    referral_specificity: float
    conformal_coverage: float


def redrawn(samples: Sequence[Sample], seed: int) -> NDArray[np.int64]:
    """Places of the images of as many lesions as there are, drawn with replacement."""
    number = np.unique([sample.lesion_id for sample in samples], return_inverse=True)[1]
    drawn = np.random.default_rng(seed).integers(0, number.max() + 1, number.max() + 1)
    return np.concatenate([np.flatnonzero(number == each) for each in drawn])


def outcomes(
    calibration: NDArray[np.float64], held_out: NDArray[np.float64], parts: Mapping[Part, Sequence[Sample]]
) -> Iterator[Outcome]:
    """Fit to the calibration lesions as they are and as three draws have them, and judge each on the held-out ones.

    Args:
        calibration: float64[N, 7], pooled log-softmax of the calibration part.
        held_out: float64[M, 7], of the validation part.
        parts: of the split.
    """
    lesions = parts[Part.CALIBRATION]
    for seed in (None, *SEEDS):
        chosen = np.arange(len(lesions)) if seed is None else redrawn(lesions, seed)
        drawn = {**parts, Part.CALIBRATION: [lesions[place] for place in chosen]}
        fitted, _, decision = fit_rule(calibration[chosen], drawn, home_of(parts))
        places = {id(sample): place for place, sample in enumerate(parts[Part.VALIDATION])}
        for source, samples in by_source(parts[Part.VALIDATION]).items():
            mine = held_out[[places[id(sample)] for sample in samples]]
            yield _judged(source, seed, mine, samples, fitted, decision)


def measure(bundle: Path, parts: Mapping[Part, Sequence[Sample]]) -> list[Outcome]:
    """`outcomes` of a sealed bundle's networks and views on the parts of its split."""
    loaded = bundles.load(bundle)
    views, sizes = loaded.manifest.views, loaded.manifest.input_sizes_px
    calibration, held_out = (
        run_networks(loaded.member_bytes, [sample.path for sample in parts[part]], views, sizes).log_softmax
        for part in (Part.CALIBRATION, Part.VALIDATION)
    )
    return list(outcomes(calibration.mean(axis=(1, 2)), held_out.mean(axis=(1, 2)), parts))


def _judged(
    source: str,
    seed: int | None,
    mean_log_p: NDArray[np.float64],
    samples: Sequence[Sample],
    fitted: Calibration,
    decision: Decision,
) -> Outcome:
    p, target = calibrate(mean_log_p, fitted), targets(samples)
    named_from = np.array([decision.picture.named_from(lesion) for lesion in MALIGNANT])
    referred = (p[:, _MALIGNANT] >= named_from).any(axis=1)
    ill = np.isin(target, _MALIGNANT)
    seven = np.array([not sample.finding for sample in samples])
    chosen = equal_priors(p, fitted).argmax(axis=1)
    covered = 1.0 - p[np.arange(len(target)), target] <= decision.picture.conformal
    return Outcome(
        source=source,
        seed=seed,
        balanced_accuracy=balanced_accuracy(chosen[seven], target[seven]),
        referral_sensitivity=float(referred[ill].mean()),
        referral_specificity=float(1.0 - referred[~ill].mean()),
        conformal_coverage=float(covered.mean()),
    )


def to_rows(found: Sequence[Outcome]) -> list[list[str]]:
    """Cells of a table for people."""
    head = ["source", "calibration lesions", "balanced accuracy", "malignant referred", "benign not referred"]
    rows = [[*head, "set: coverage"]]
    for each in found:
        drawn = "as they are" if each.seed is None else f"drawn anew, seed {each.seed}"
        rows.append([each.source, drawn, *(f"{value:.3f}" for value in each[2:])])
    return rows
