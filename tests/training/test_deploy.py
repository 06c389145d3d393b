from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.preprocess import View
from training.deploy import round_kernel
from training.views import make_views, view_table


def loss(error: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
    return float(error @ covariance @ error)


@pytest.mark.parametrize("seed", range(6))
def test_rounding_together_beats_rounding_alone_and_is_near_the_best(seed: int) -> None:
    """Oracle: all 2^9 ways of rounding the nine weights of a depthwise kernel up or down."""
    rng = np.random.default_rng(seed)
    patches = rng.normal(0.0, 0.1, (2000, 9)) + rng.normal(3.0, 1.0, (2000, 1))  # smooth inputs: skin
    covariance = np.cov(patches.T)
    kernel = rng.normal(size=9)
    kernel -= kernel.mean()  # a difference: no gain for plain brightness
    kernel[4] = 50.0
    kernel[5] = -50.0 + 1e-3
    scale = np.abs(kernel).max() / 127
    rounded = round_kernel(kernel[:, np.newaxis], covariance)[:, 0]
    alone = np.round(kernel / scale) * scale
    below = np.floor(kernel / scale)
    best = min(
        loss(kernel - (below + up) * scale, covariance) for up in product((0, 1), repeat=9) if (below + up).max() <= 127
    )
    assert loss(kernel - rounded, covariance) <= loss(kernel - alone, covariance)
    assert loss(kernel - rounded, covariance) <= 25 * best + 1e-9


def test_rounded_kernels_lie_on_the_grid_that_tensorflow_lite_derives_from_them() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(32, 16))
    covariance = np.cov(rng.normal(size=(500, 32)).T)
    rounded = round_kernel(columns, covariance)
    scale = np.abs(rounded).max(axis=0) / 127
    np.testing.assert_allclose(scale, np.abs(columns).max(axis=0) / 127, rtol=1e-12)
    np.testing.assert_allclose(rounded / scale, np.round(rounded / scale), atol=1e-9)


def test_dead_inputs_and_dead_kernels_are_no_trouble() -> None:
    rounded = round_kernel(np.array([[0.0, 1.0], [0.0, 0.3]]), np.zeros((2, 2)))
    np.testing.assert_allclose(rounded, [[0.0, 1.0], [0.0, 38 / 127]], atol=1e-9)


def test_views_are_all_different_and_their_table_finds_the_better_ones() -> None:
    views = make_views((View(), View(zoom=1.5)), 8)
    assert len(set(views)) == 16
    target = np.arange(7)
    log_softmax = np.zeros((7, 1, 16, 7))
    for place, view in enumerate(views):
        right = target if view.zoom == 1.0 else (target + 1) % 7
        log_softmax[target, 0, place, right] = 1.0
    table = {(choice.crops, choice.orientations): figure for choice, figure in view_table(log_softmax, target, views)}
    assert table[(View(),), 1] == table[(View(),), 8] == 1.0
    assert table[(View(zoom=1.5),), 4] == 0.0
    assert len(table) == 3 * 4
