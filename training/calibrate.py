"""Temperature, biases, thresholds and the feature space, fitted on lesions that training never saw."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Calibration, Decision
from edge_models.classifier import softmax
from edge_models.familiarity import FeatureSpace
from training.dataset import CLASS_ORDER

CONFORMAL_COVERAGE = 0.95
REFERRAL_SENSITIVITY = 0.95
MELANOMA_SENSITIVITY = 0.90
LESIONS_KEPT = 0.99
COMPONENTS = 64
_BIAS_STRENGTH = 4.0


def fit_probabilities(
    mean_log_p: NDArray[np.float64], target: NDArray[np.int64], prevalence: NDArray[np.float64]
) -> Calibration:
    """Temperature and class biases by penalised maximum likelihood (Guo et al. 2017, arXiv:1706.04599, §4.2).

    The logits are free of the prior, so the biases are expected at the log of the prevalence; a ridge of
    `_BIAS_STRENGTH` pseudo-observations keeps a class with ten lesions from leaving it for noise. Convex; solved by
    damped Newton steps.

    Args:
        mean_log_p: float64[N, 7], log-softmax pooled over members and views.
        target: int64[N].
        prevalence: float64[7], what the probabilities are to be calibrated for; the samples' own class frequencies must
            be close to it.
    """
    count, classes = mean_log_p.shape
    expected = np.log(prevalence)
    truth = np.eye(classes)[target]
    theta = np.concatenate([[1.0], expected])
    penalty = np.concatenate([[0.0], np.full(classes, _BIAS_STRENGTH)])
    centre = np.concatenate([[0.0], expected])

    def loss(values: NDArray[np.float64]) -> float:
        z = values[0] * mean_log_p + values[1:]
        top = z.max(axis=1, keepdims=True)
        log_z = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0]
        return float((log_z - (z * truth).sum(axis=1)).sum() + 0.5 * (penalty * (values - centre) ** 2).sum())

    # design[n, c] = d z[n, c] / d theta
    by_bias = np.broadcast_to(np.eye(classes), (count, classes, classes))
    design = np.concatenate([mean_log_p[:, :, None], by_bias], axis=2)
    for _ in range(100):
        p = softmax(theta[0] * mean_log_p + theta[1:])
        gradient = np.einsum("nc,nck->k", p - truth, design) + penalty * (theta - centre)
        mean = np.einsum("nc,nck->nk", p, design)
        hessian = np.einsum("nc,nck,ncl->kl", p, design, design) - mean.T @ mean + np.diag(penalty + 1e-9)
        move = np.linalg.solve(hessian, gradient)
        rate = 1.0
        while rate > 1e-6 and (theta[0] - rate * move[0] <= 0.0 or loss(theta - rate * move) > loss(theta)):
            rate /= 2.0
        theta = theta - rate * move
        if float(np.abs(rate * move).max()) < 1e-9:
            break
    return Calibration(
        temperature=float(1.0 / theta[0]),
        class_bias=tuple(float(value) for value in theta[1:]),
        prevalence=tuple(float(value) for value in prevalence),
    )


def fit_decision(probabilities: NDArray[np.float64], target: NDArray[np.int64]) -> Decision:
    """Thresholds on calibrated probabilities float64[N, 7] with finite-sample guarantees (see `lower_threshold`)."""
    codes = [lesion.code for lesion in CLASS_ORDER]
    malignant = np.array([lesion.malignant for lesion in CLASS_ORDER])
    melanoma = codes.index("mel")
    risk = probabilities[:, malignant].sum(axis=1)
    true_class = probabilities[np.arange(len(target)), target]
    return Decision(
        referral_threshold=lower_threshold(risk[malignant[target]], REFERRAL_SENSITIVITY),
        melanoma_threshold=lower_threshold(probabilities[target == melanoma, melanoma], MELANOMA_SENSITIVITY),
        conformal_coverage=CONFORMAL_COVERAGE,
        conformal_threshold=1.0 - lower_threshold(true_class, CONFORMAL_COVERAGE),
    )


def lower_threshold(values: NDArray[np.float64], share: float) -> float:
    """The value that a new one, exchangeable with `values`, reaches with a probability of at least `share`.

    The split-conformal quantile (Vovk et al. 2005): the k-th smallest, k = floor((1 - share) · (N + 1)); 0 where the
    values are too few to promise anything.

    Args:
        values: float64[N], probabilities.
    """
    place = math.floor((1.0 - share) * (len(values) + 1) + 1e-9)
    return float(np.sort(values)[place - 1]) if place else 0.0


def fit_feature_space(embedding: NDArray[np.float32], components: int = COMPONENTS) -> FeatureSpace:
    """Mean, principal components and residual of training features float32[N, D]."""
    wide = embedding.astype(np.float64)
    mean = wide.mean(axis=0)
    _, singular, rows = np.linalg.svd(wide - mean, full_matrices=False)
    kept = min(components, len(singular) - 1, int((singular > 1e-6 * singular[0]).sum()) - 1)
    residual = float((singular[kept:] ** 2).sum()) / len(wide)
    return FeatureSpace(
        mean=mean.astype(np.float32),
        components=rows[:kept].astype(np.float32),
        deviation=(singular[:kept] / math.sqrt(len(wide))).astype(np.float32),
        residual_deviation=math.sqrt(residual),
    )


def distances(space: FeatureSpace, embedding: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[N]: distance of every row of float32[N, D]."""
    return np.array([space.distance(row) for row in embedding])


def familiarity_threshold(lesions: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Where to refuse a picture: keeps `LESIONS_KEPT` of the lesions, and goes up into an empty gap before the others.

    Args:
        lesions: float64[N], distances of calibration pictures.
        others: float64[M], distances of everyday photos (the half for choosing).
    """
    floor = float(np.quantile(lesions, LESIONS_KEPT, method="higher"))
    return max(floor, (floor + float(np.quantile(others, 0.02))) / 2.0)
