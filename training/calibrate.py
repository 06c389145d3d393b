"""Temperature, biases and thresholds, fitted on lesions that training never saw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Calibration
from edge_models.classifier import calibrate, softmax
from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.labels import LesionClass
from training.dataset import CLASS_ORDER

CONFORMAL_COVERAGE = 0.95
REFERRAL_SENSITIVITY = 0.95
"""Share of malignant images of which a class is named."""
URGENT_SPECIFICITY = 0.90
"""Share of images of anything but melanoma that are not referred urgently."""
NAMING_EXPONENT = 0.5
"""Naming thresholds go with this power of the classes' prevalence: 0 is one threshold for all, 1 one likelihood ratio.

Chosen by specificity at the assured sensitivity on calibration lesions; README.md has the comparison.
"""
UNSURE_SET_SIZE = 5
"""A prediction set of so many of seven classes says nothing that helps. No calibration image has one."""
CONFIDENCE = 0.9
"""In how many of all calibration sets what they promise is kept; on average alone, four in ten would fall short.

It counts images as if each were of another lesion: see `assured_threshold`.
"""
FEW_IMAGES = 400
"""A source with fewer keeps its promises on average only: assured, a hundred images would decide for all others."""
_FOLDS = 10
_BIAS_STRENGTH = 4.0
_MIN_SLOPE = 0.01  # a temperature of 100: evidence that says nothing


def fit_probabilities(
    mean_log_p: NDArray[np.float64],
    target: NDArray[np.int64],
    prevalence: NDArray[np.float64],
    elsewhere: NDArray[np.float64] | float = 0.0,
) -> Calibration:
    """Temperature and class biases by penalised maximum likelihood (Guo et al. 2017, arXiv:1706.04599, §4.2).

    The logits are free of the prior, so the biases are expected at the log of the prevalence; a ridge of
    `_BIAS_STRENGTH` pseudo-observations keeps a class with ten lesions from leaving it for noise. Convex; solved by
    damped Newton steps.

    Args:
        mean_log_p: float64[N, 7], log-softmax pooled over members and views.
        target: int64[N].
        prevalence: float64[7], what the probabilities are to be calibrated for; the samples' own class frequencies must
            be close to it, but for `elsewhere`.
        elsewhere: float64[N, 7], by how many log-odds the classes of each case's source are commoner there than in
            `prevalence` (`source_odds`): one temperature and one set of biases are fitted over several sources.
    """
    count, classes = mean_log_p.shape
    expected = np.log(prevalence)
    truth = np.eye(classes)[target]
    theta = np.concatenate([[1.0], expected])
    penalty = np.concatenate([[0.0], np.full(classes, _BIAS_STRENGTH)])
    centre = np.concatenate([[0.0], expected])

    def loss(values: NDArray[np.float64]) -> float:
        z = values[0] * mean_log_p + values[1:] + elsewhere
        top = z.max(axis=1, keepdims=True)
        log_z = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0]
        return float((log_z - (z * truth).sum(axis=1)).sum() + 0.5 * (penalty * (values - centre) ** 2).sum())

    # design[n, c] = d z[n, c] / d theta
    by_bias = np.broadcast_to(np.eye(classes), (count, classes, classes))
    design = np.concatenate([mean_log_p[:, :, None], by_bias], axis=2)
    for _ in range(100):
        p = softmax(theta[0] * mean_log_p + theta[1:] + elsewhere)
        gradient = np.einsum("nc,nck->k", p - truth, design) + penalty * (theta - centre)
        mean = np.einsum("nc,nck->nk", p, design)
        hessian = np.einsum("nc,nck,ncl->kl", p, design, design) - mean.T @ mean + np.diag(penalty + 1e-9)
        move = np.linalg.solve(hessian, gradient)
        if theta[0] - move[0] < _MIN_SLOPE:  # stop there, and let the biases make the best of it
            to_bound = theta[0] - _MIN_SLOPE
            rest = np.linalg.solve(hessian[1:, 1:], gradient[1:] - hessian[1:, 0] * to_bound)
            move = np.concatenate([[to_bound], rest])
        rate = 1.0
        while rate > 1e-6 and loss(theta - rate * move) > loss(theta):
            rate /= 2.0
        if rate <= 1e-6 or float(np.abs(rate * move).max()) < 1e-9:
            break
        theta = theta - rate * move
    return Calibration(
        temperature=float(1.0 / theta[0]),
        class_bias=tuple(float(value) for value in theta[1:]),
        prevalence=tuple(float(value) for value in prevalence),
    )


def cross_fitted(
    mean_log_p: NDArray[np.float64],
    target: NDArray[np.int64],
    prevalence: NDArray[np.float64],
    lesions: Sequence[str],
    log_odds: NDArray[np.float64] | None = None,
    elsewhere: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Probabilities float64[N, 7] of every case from a fit to other lesions only, as a new lesion would get them.

    Thresholds on probabilities that were fitted to the same cases would promise too much.

    Args:
        mean_log_p: as `fit_probabilities`.
        target: as `fit_probabilities`.
        prevalence: as `fit_probabilities`.
        lesions: which lesion each case shows.
        log_odds: float64[N, 7], what is known of the patients adds (`edge_models.context`); None: nothing is.
        elsewhere: as `fit_probabilities`.
    """
    added = np.zeros_like(mean_log_p) if log_odds is None else log_odds
    number = np.unique(np.asarray(lesions), return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(number.max() + 1)[number] % _FOLDS
    probabilities = np.empty_like(mean_log_p)
    for each in np.unique(fold):
        others = fold != each
        odds = elsewhere[others] if isinstance(elsewhere, np.ndarray) else elsewhere
        fitted = fit_probabilities(mean_log_p[others], target[others], prevalence, odds)
        probabilities[~others] = calibrate(mean_log_p[~others], fitted, added[~others])
    return probabilities


def fit_decision(
    picture: tuple[NDArray[np.float64], NDArray[np.int64]],
    with_context: tuple[NDArray[np.float64], NDArray[np.int64]],
    prevalence: NDArray[np.float64],
    confidence: float = CONFIDENCE,
) -> Decision:
    """The numbers of the clinical rule.

    Args:
        picture: probabilities float64[N, 7] of the pictures alone (see `cross_fitted`), and their classes int64[N].
        with_context: the same of those pictures of whose patients anything is known, that being used.
        prevalence: float64[7], what the probabilities are calibrated for.
        confidence: as `assured_threshold`.
    """
    return Decision(
        picture=fit_thresholds(*picture, prevalence, confidence),
        with_context=fit_thresholds(*with_context, prevalence, confidence),
        conformal_coverage=CONFORMAL_COVERAGE,
        unsure_set_size=UNSURE_SET_SIZE,
    )


def fit_thresholds(
    probabilities: NDArray[np.float64],
    target: NDArray[np.int64],
    prevalence: NDArray[np.float64],
    confidence: float = CONFIDENCE,
) -> Thresholds:
    """Thresholds that keep their promises (`assured_threshold`) on probabilities float64[N, 7] (see `cross_fitted`).

    Of malignant images `REFERRAL_SENSITIVITY` have a class named, of those that are no melanoma `URGENT_SPECIFICITY`
    are not referred urgently, and the prediction set of `CONFORMAL_COVERAGE` of all holds their class.
    """
    places = [CLASS_ORDER.index(lesion) for lesion in MALIGNANT]
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    shape = prevalence[places] ** NAMING_EXPONENT
    shape = shape / shape.max()  # so that the evidence, and with it the thresholds, stay probabilities
    ill = np.isin(target, places)
    evidence = (probabilities[:, places] / shape).max(axis=1)
    naming = assured_threshold(evidence[ill], REFERRAL_SENSITIVITY, confidence) * shape
    true_class = probabilities[np.arange(len(target)), target]
    return Thresholds(
        naming={lesion: min(float(value), 1.0) for lesion, value in zip(MALIGNANT, naming, strict=True)},
        urgent=assured_limit(probabilities[target != melanoma, melanoma], URGENT_SPECIFICITY, confidence),
        conformal=1.0 - assured_threshold(true_class, CONFORMAL_COVERAGE, confidence),
    )


def strictest(decisions: Sequence[Decision], together: Decision) -> Decision:
    """Numbers whose promises of referral hold in every source; prediction sets hold over all of them together.

    A class is named from the lowest of its thresholds, and a referral is urgent from the highest. Sets that hold in
    each source would have three classes and more where the rarest source's are needed.

    Args:
        decisions: what was fitted in each source.
        together: what was fitted over all.
    """
    pairs = [(each.with_context, together.with_context) for each in decisions]
    informed = [(mine, every) for mine, every in pairs if mine is not None and every is not None]
    return Decision(
        picture=_strictest([each.picture for each in decisions], together.picture.conformal),
        with_context=_strictest([mine for mine, _ in informed], informed[0][1].conformal) if informed else None,
        conformal_coverage=CONFORMAL_COVERAGE,
        unsure_set_size=UNSURE_SET_SIZE,
    )


def _strictest(fitted: Sequence[Thresholds], conformal: float) -> Thresholds:
    return Thresholds(
        naming={lesion: min(each.naming[lesion] for each in fitted) for lesion in MALIGNANT},
        urgent=max(each.urgent for each in fitted),
        conformal=conformal,
    )


def prevalence_of(target: NDArray[np.int64]) -> NDArray[np.float64]:
    """Class frequencies float64[7] of int64[N]; half a case is added to a class that does not occur."""
    counts = np.bincount(target, minlength=len(CLASS_ORDER)).astype(np.float64)
    counts[counts == 0.0] = 0.5
    return np.asarray(counts / counts.sum())


def source_odds(sources: Iterable[str], all_targets: Mapping[str, NDArray[np.int64]], home: str) -> NDArray[np.float64]:
    """Log-odds float64[N, 7] by which each case's source has more of a class than the source `home`.

    Args:
        sources: of N cases, each one's.
        all_targets: by source, all its images'.
        home: the source whose prevalence the probabilities are to have.
    """
    log = {source: np.log(prevalence_of(some)) for source, some in all_targets.items()}
    return np.stack([log[source] - log[home] for source in sources])


def assured_threshold(values: NDArray[np.float64], share: float, confidence: float = CONFIDENCE) -> float:
    """The value that at least `share` of all new ones reach, in at least `confidence` of calibration sets.

    Training-conditional coverage (Vovk 2012, arXiv:1209.2673): at least k of N values lie below their distribution's
    quantile 1 - share with a probability of P(Binomial(N, 1 - share) ≥ k), so the k-th smallest is safe while that is
    at least `confidence`; 0 where the values are too few to promise anything.

    The values of two images of one lesion are not independent, so there is less to rest on than N values: with
    HAM10000's calibration part (197 malignant images of 117 lesions) the real assurance is somewhat lower than stated.

    Args:
        values: float64[N], probabilities, exchangeable with new ones.
        share: of all new ones, 0 … 1.
        confidence: share of calibration sets in which the promise holds.
    """
    place = _assured_place(len(values), share, confidence)
    return float(np.sort(values)[place - 1]) if place else 0.0


def assured_limit(values: NDArray[np.float64], share: float, confidence: float = CONFIDENCE) -> float:
    """The value that at least `share` of all new ones stay below, in at least `confidence` of calibration sets.

    `assured_threshold` from the other end: 1 where the values are too few to promise anything.

    Args:
        values: float64[N], probabilities, exchangeable with new ones.
        share: promised, 0 … 1.
        confidence: the share of calibration sets in which the promise is kept, 0 … 1.
    """
    place = _assured_place(len(values), share, confidence)
    return min(float(np.nextafter(np.sort(values)[-place], 2.0)), 1.0) if place else 1.0


def _assured_place(count: int, share: float, confidence: float) -> int:
    """Which of so many values in their order is the last that keeps the promise; 0: none does."""
    at_least, place = 1.0, 0
    while place < count:
        at_least -= _binomial(place, count, 1.0 - share)
        if at_least < confidence:
            break
        place += 1
    return place


def _binomial(hits: int, count: int, chance: float) -> float:
    """Probability of so many hits; by logarithms, because the number of ways overflows."""
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return math.exp(ways + hits * math.log(chance) + (count - hits) * math.log1p(-chance))
