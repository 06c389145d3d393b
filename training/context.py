"""Fits what age, sex and body site say of the class (`edge_models.context` applies it).

A multinomial logistic regression of the class on age band, sex and site, with a ridge (Hoerl, Kennard 1970), solved by
Newton's method: few enough parameters that nothing more is needed. Each group is centred, so that what is not known
adds nothing. How much of it to believe beside the picture is one weight, chosen by the likelihood of the calibration
lesions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import log_softmax
from edge_models.context import Context, ContextTables

AGE_EDGES_YEARS = (20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0)
RIDGE = 3.0
MIN_COUNT = 20
"""A sex or site that fewer lesions have is treated as not known."""
WEIGHTS = tuple(np.round(np.arange(0.0, 1.31, 0.1), 1).tolist())
_NEWTON_STEPS = 30
_CONVERGED = 1e-8


def fit_tables(
    contexts: Sequence[Context],
    targets: NDArray[np.int64],
    classes: int,
    elsewhere: NDArray[np.float64] | float = 0.0,
) -> ContextTables:
    """Fit the tables.

    Args:
        contexts: one a lesion, N of them.
        targets: int64[N], the class's place in class order.
        classes: number of classes.
        elsewhere: float64[N, classes], by how many log-odds each class is commoner where a lesion comes from
            (`training.calibrate.source_odds`): what a source is rich in tells nothing of age, sex and site.
    """
    sexes = _common(context.sex for context in contexts)
    sites = _common(context.site for context in contexts)
    bands = len(AGE_EDGES_YEARS) + 1
    groups = (
        range(bands),
        range(bands, bands + len(sexes)),
        range(bands + len(sexes), bands + len(sexes) + len(sites)),
    )
    features = np.zeros((len(contexts), 1 + bands + len(sexes) + len(sites)))
    features[:, -1] = 1.0
    for row, context in enumerate(contexts):
        if context.age_years is not None:
            features[row, int(np.searchsorted(AGE_EDGES_YEARS, context.age_years, side="right"))] = 1.0
        if context.sex in sexes:
            features[row, bands + sexes.index(context.sex)] = 1.0
        if context.site in sites:
            features[row, bands + len(sexes) + sites.index(context.site)] = 1.0
    weights = _newton(features, np.eye(classes)[targets], elsewhere)
    for group in groups:
        count = features[:, group].sum(axis=0)
        weights[group] -= (count @ weights[group]) / max(count.sum(), 1.0)
    rows = [tuple(float(round(value, 4)) for value in row) for row in weights]
    age, sex, site = ([rows[index] for index in group] for group in groups)
    return ContextTables(
        age_edges_years=AGE_EDGES_YEARS,
        age=tuple(age),
        sex=dict(zip(sexes, sex, strict=True)),
        site=dict(zip(sites, site, strict=True)),
    )


def damped(tables: ContextTables, weight: float) -> ContextTables:
    """The tables with every log-odds multiplied by `weight`."""

    def scale(row: Sequence[float]) -> tuple[float, ...]:
        return tuple(round(weight * value, 4) for value in row)

    return ContextTables(
        age_edges_years=tables.age_edges_years,
        age=tuple(scale(row) for row in tables.age),
        sex={word: scale(row) for word, row in tables.sex.items()},
        site={word: scale(row) for word, row in tables.site.items()},
    )


def choose_weight(
    tables: ContextTables,
    contexts: Sequence[Context],
    probabilities: NDArray[np.float64],
    targets: NDArray[np.int64],
    elsewhere: NDArray[np.float64] | float = 0.0,
) -> float:
    """The weight under which held-out cases are likeliest.

    Args:
        tables: undamped.
        contexts: N cases that the tables were not fitted on.
        probabilities: float64[N, C], calibrated, of the picture alone.
        targets: int64[N].
        elsewhere: as `fit_tables`.
    """
    added = np.array([tables.log_odds(context, probabilities.shape[1]) for context in contexts])
    log_p = np.log(np.maximum(probabilities, 1e-12)) + elsewhere

    def negative_log_likelihood(weight: float) -> float:
        return float(-log_softmax(log_p + weight * added)[np.arange(len(targets)), targets].mean())

    return float(min(WEIGHTS, key=negative_log_likelihood))


def _common(words: Iterable[str | None]) -> list[str]:
    counts = Counter(word for word in words if word)
    return sorted(word for word, count in counts.items() if count >= MIN_COUNT)


def _newton(
    features: NDArray[np.float64], one_hot: NDArray[np.float64], elsewhere: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Ridge-penalised maximum likelihood; the last feature is the intercept and not penalised. float64[F, C]."""
    count, classes = features.shape[1], one_hot.shape[1]
    ridge = np.full((count, 1), RIDGE)
    ridge[-1] = 1e-6

    def loss(weights: NDArray[np.float64]) -> float:
        return float(-(one_hot * log_softmax(features @ weights + elsewhere)).sum() + (ridge * weights**2).sum() / 2.0)

    weights = np.zeros((count, classes))
    for _ in range(_NEWTON_STEPS):
        p = np.exp(log_softmax(features @ weights + elsewhere))
        gradient = features.T @ (p - one_hot) + ridge * weights
        hessian = np.empty((classes, count, classes, count))
        for c in range(classes):
            for d in range(classes):
                curvature = p[:, c] * ((c == d) - p[:, d])
                hessian[c, :, d, :] = (features * curvature[:, None]).T @ features
        flat = hessian.reshape(classes * count, classes * count) + np.diag(np.tile(ridge[:, 0], classes))
        step = np.linalg.solve(flat, gradient.T.ravel()).reshape(classes, count).T
        scale = 1.0  # halved until it helps: a full step may overshoot far from the solution
        while loss(weights - scale * step) > loss(weights) and scale > _CONVERGED:
            scale /= 2.0
        weights = weights - scale * step
        if float(np.abs(scale * step).max()) < _CONVERGED:
            break
    return weights
