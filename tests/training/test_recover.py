"""A published member's integers become float weights that compute the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models import bundle as bundles
from training import member_weights
from training.config import ModelConfig
from training.errors import RunError
from training.inference import run_networks
from training.layers import HEAD, convolutions
from training.model import build_model
from training.recover import Folded, folded_weights, input_side, unfolded


@pytest.fixture(scope="module")
def member() -> bytes:
    """The smallest network that ships."""
    loaded = bundles.load(bundles.default_bundle())
    return min(zip(loaded.manifest.input_sizes_px, loaded.member_bytes, strict=True))[1]


@pytest.fixture(scope="module")
def weights(member: bytes) -> dict[str, Folded]:
    return folded_weights(member)


@pytest.fixture(scope="module")
def pictures(member: bytes) -> NDArray[np.uint8]:
    """uint8[4, S, S, 3] of blurred spots on skin."""
    side = input_side(member)
    rng = np.random.default_rng(8)
    down, across = np.indices((side, side))
    made = []
    for _ in range(4):
        place, width = rng.uniform(0.4, 0.6, 2) * side, rng.uniform(0.1, 0.3) * side
        spot = np.exp(-((down - place[0]) ** 2 + (across - place[1]) ** 2) / (2 * width**2))
        made.append(
            rng.uniform(150, 210, 3) - spot[..., None] * rng.uniform(40, 140, 3) + rng.normal(0, 4, (side, side, 3))
        )
    return np.asarray(np.clip(np.stack(made), 0, 255), np.uint8)


def test_every_layer_is_read_in_keras_layout(weights: dict[str, Folded]) -> None:
    assert list(weights) == [*(name for name, _ in convolutions()), HEAD]
    assert weights["Conv1"].kernel.shape == (3, 3, 3, 32)
    assert weights["block_1_depthwise"].kernel.shape == (3, 3, 96, 1)
    assert weights["block_1_project"].kernel.shape == (1, 1, 96, 24)
    assert weights["Conv_1"].bias.shape == (1280,)
    # each kernel lies on a grid of 127 levels a side
    largest = np.abs(weights["Conv_1"].kernel).max(axis=(0, 1, 2))
    levels = weights["Conv_1"].kernel / largest * 127
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


@pytest.mark.slow
def test_what_was_recovered_says_what_the_integers_say(
    member: bytes, weights: dict[str, Folded], pictures: NDArray[np.uint8]
) -> None:
    side = pictures.shape[1]
    model = build_model(ModelConfig(size_px=side, pretrained=False), None, len(weights[HEAD].bias))
    unfolded(weights, model, pictures)
    from training.backends import network_input
    from training.predict import folded

    real = folded(np.asarray(model.predict_on_batch(network_input(pictures))))
    from edge_models.preprocess import View

    said = run_networks([member], list(pictures), [View()], [side]).log_softmax[:, 0, 0]
    real = real - real.max(axis=1, keepdims=True)
    log_p = real - np.log(np.exp(real).sum(axis=1, keepdims=True))
    assert np.corrcoef(log_p.ravel(), said.ravel())[0, 1] > 0.97
    # BatchNorm has statistics to be trained on with: outputs of variance 1, less where a channel hardly varies
    kept = member_weights.of_model(model)
    np.testing.assert_allclose(kept["Conv_1_bn/3"], 1.0)
    assert np.abs(kept["block_5_expand/0"]).max() < np.abs(weights["block_5_expand"].kernel).max() * 100


def test_another_network_is_refused(tiny_bundle_member: bytes) -> None:
    with pytest.raises(RunError, match="convolutions, MobileNetV2 and its head have 53"):
        folded_weights(tiny_bundle_member)


@pytest.fixture
def tiny_bundle_member(tiny_bundle: object) -> bytes:
    return bundles.load(tiny_bundle).member_bytes[0]  # type: ignore[arg-type]
