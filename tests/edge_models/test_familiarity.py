"""The distance from the training pictures, by hand."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest

from edge_models.errors import BundleError
from edge_models.familiarity import FeatureSpace


@pytest.fixture
def space() -> FeatureSpace:
    """Four dimensions, of which the first two are expressed."""
    return FeatureSpace(
        mean=np.array([1, 2, 3, 4], np.float32),
        components=np.array([[1, 0, 0, 0], [0, 1, 0, 0]], np.float32),
        deviation=np.array([2, 0.5], np.float32),
        residual_deviation=3.0,
    )


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ((0, 0, 0, 0), 0.0),
        ((2, 0, 0, 0), math.sqrt(0.5)),  # one deviation along one of two components
        ((2, 0.5, 0, 0), 1.0),
        ((0, 0, 3, 0), 1.0),  # one deviation off the plane
        ((0, 0, 0, -3), 1.0),
        ((2, -0.5, 0, 3), math.sqrt(2.0)),
        ((0, 0, 3, 4), 5 / 3),
    ],
)
def test_distance(space: FeatureSpace, offset: tuple[float, ...], expected: float) -> None:
    assert space.distance(space.mean + np.array(offset, np.float32)) == pytest.approx(expected, rel=1e-6)


def test_turned_axes_give_the_same_distance(space: FeatureSpace) -> None:
    random = np.random.default_rng(5)
    turn, _ = np.linalg.qr(random.normal(size=(4, 4)))
    turned = FeatureSpace(
        mean=(space.mean @ turn).astype(np.float32),
        components=(space.components @ turn).astype(np.float32),
        deviation=space.deviation,
        residual_deviation=space.residual_deviation,
    )
    for embedding in random.normal(size=(20, 4)).astype(np.float32) * 5:
        assert turned.distance((embedding @ turn).astype(np.float32)) == pytest.approx(
            space.distance(embedding), rel=1e-4
        )


def test_npz_round_trip(space: FeatureSpace) -> None:
    again = FeatureSpace.from_npz(space.to_npz())
    embedding = np.array([9, -2, 0, 1], np.float32)
    assert again.distance(embedding) == space.distance(embedding)


def npz(**changes: Any) -> bytes:
    arrays: dict[str, Any] = {
        "mean": np.zeros(4, np.float32),
        "components": np.eye(2, 4, dtype=np.float32),
        "deviation": np.ones(2, np.float32),
        "residual_deviation": np.float32(1),
        **changes,
    }
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value for name, value in arrays.items() if value is not None})
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an archive",
        b"PK\x03\x04 not an archive either",
        npy(),
        npz()[:200],
        npz(mean=None),
        npz(mean=np.zeros(5, np.float32)),
        npz(mean=np.full(4, np.nan, np.float32)),
        npz(components=np.zeros(4, np.float32)),
        npz(deviation=np.zeros(2, np.float32)),
        npz(residual_deviation=np.float32(0)),
        npz(residual_deviation=np.zeros(3)),
        npz(mean=np.array([None] * 4)),
        npz(mean=np.zeros(20 << 20, np.float32)),  # 80 MB of zeros, 80 kB packed
    ],
)
def test_what_is_no_feature_space_is_a_fault_of_the_bundle(content: bytes) -> None:
    with pytest.raises(BundleError, match="familiarity parameters cannot be used"):
        FeatureSpace.from_npz(content)
