from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.familiarity import distances, familiarity_threshold, fit_feature_space


def clouds(seed: int, count: int = 600) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lesions in a flat cloud of 30 dimensions; photos no farther out, but off to one side along a quiet direction."""
    rng = np.random.default_rng(seed)
    spread = np.concatenate([np.full(10, 3.0), np.full(20, 0.3)])
    lesions = rng.normal(size=(count, 30)) * spread + 5.0
    photos = rng.normal(size=(100, 30)) * spread + 5.0
    photos[:, 20] += 2.5
    return lesions.astype(np.float32), photos.astype(np.float32)


def test_photos_that_were_not_fitted_on_are_told_apart() -> None:
    lesions, photos = clouds(1)
    space = fit_feature_space(lesions, photos)
    new_lesions, new_photos = clouds(2)
    threshold = familiarity_threshold([distances(space, new_lesions[:300])], distances(space, photos))
    assert np.mean(distances(space, new_lesions[300:]) <= threshold) > 0.97
    assert np.mean(distances(space, new_photos) > threshold) > 0.97


def test_what_is_neither_lesion_nor_photo_is_far_too() -> None:
    lesions, photos = clouds(1)
    space = fit_feature_space(lesions, photos, components=10)
    strange = lesions[:50].copy()
    strange[:, 25] -= 20.0
    assert distances(space, strange).min() > distances(space, lesions).max()


def test_directions_are_orthonormal_and_the_discriminant_is_the_best_there_is() -> None:
    """Oracle: for two normal clouds of one covariance it is covariance⁻¹ · difference of means (Fisher 1936)."""
    rng = np.random.default_rng(3)
    spread = np.concatenate([np.full(10, 3.0), np.full(20, 0.3)])
    apart = np.zeros(30)
    apart[[0, 20, 21]] = 6.0, 0.45, -0.3
    lesions = (rng.normal(size=(20000, 30)) * spread).astype(np.float32)
    others = (rng.normal(size=(8000, 30)) * spread + apart).astype(np.float32)
    space = fit_feature_space(lesions, others, components=8)
    np.testing.assert_allclose(space.components @ space.components.T, np.eye(9), atol=1e-4)
    wanted = apart / spread**2
    assert space.components[0] @ wanted / np.linalg.norm(wanted) > 0.98


def test_the_discriminant_sees_others_of_several_kinds() -> None:
    """Few of one kind among many of another pull their own way, though they hardly move the mean."""
    lesions, photos = clouds(1)
    rare = lesions[:30].copy()
    rare[:, 22] += 2.5
    space = fit_feature_space(lesions[30:], np.concatenate([photos, rare]))
    threshold = familiarity_threshold([distances(space, lesions[30:])], distances(space, photos))
    new_rare = clouds(2)[0]
    new_rare[:, 22] += 2.5
    assert np.mean(distances(space, new_rare) > threshold) > 0.95


def test_the_threshold_keeps_lesions_and_uses_the_gap() -> None:
    lesions = np.linspace(1.0, 2.0, 101)
    assert familiarity_threshold([lesions], np.array([1.1, 1.2])) == pytest.approx(1.99)
    assert familiarity_threshold([lesions], np.full(50, 3.99)) == pytest.approx(2.99)


def test_the_threshold_keeps_lesions_of_every_source() -> None:
    near, far = np.linspace(1.0, 2.0, 1001), np.linspace(2.0, 3.0, 101)
    assert familiarity_threshold([near, far], np.array([1.1, 1.2])) == pytest.approx(2.99)
