"""From logits to a prediction, each step against a value worked out by hand or another way."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models.bundle import Calibration
from edge_models.classifier import (
    Classifier,
    calibrate,
    conformal_set,
    equal_priors,
    mean_log_softmax,
    upright_activation,
)
from edge_models.errors import BundleError
from edge_models.familiarity import FeatureSpace
from edge_models.interpreter import CpuInterpreter
from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.preprocess import View, crop_square

PLAIN = Calibration(temperature=1.0, class_bias=(0.0, 0.0, 0.0), prevalence=(0.7, 0.2, 0.1))


def test_evidence_is_pooled_as_a_mean_of_log_softmax() -> None:
    # softmax of log p is p: members and views that say (1/2, 1/4, 1/4) and (1/8, 1/8, 3/4)
    logits = np.log(np.array([[[0.5, 0.25, 0.25]], [[0.125, 0.125, 0.75]]])).astype(np.float32) + 3.0
    expected = [math.log(0.5 * 0.125) / 2, math.log(0.25 * 0.125) / 2, math.log(0.25 * 0.75) / 2]
    assert mean_log_softmax(logits) == pytest.approx(expected, abs=1e-6)
    # and so, with temperature 1, the prediction is their normalised geometric mean
    geometric = np.sqrt([0.5 * 0.125, 0.25 * 0.125, 0.25 * 0.75])
    assert calibrate(mean_log_softmax(logits), PLAIN) == pytest.approx(geometric / geometric.sum(), abs=1e-6)


def test_pooling_bears_large_logits() -> None:
    assert mean_log_softmax(np.array([[[1000.0, 0.0, -1000.0]]], np.float32)) == pytest.approx([0.0, -1000.0, -2000.0])


def test_temperature_and_bias() -> None:
    log_p = np.log([0.64, 0.32, 0.04])
    # T = 2 takes square roots (0.8, 0.5657, 0.2), then the odds of the third class are tripled
    calibration = Calibration(temperature=2.0, class_bias=(0.0, 0.0, math.log(3.0)), prevalence=PLAIN.prevalence)
    weights = np.array([0.8, math.sqrt(0.32), 0.6])
    assert calibrate(log_p, calibration) == pytest.approx(weights / weights.sum())


def test_equal_priors_is_bayes_rule() -> None:
    # likelihoods 2 : 1 : 4 seen at prevalences 0.7, 0.2, 0.1 give posteriors 1.4 : 0.2 : 0.4
    assert equal_priors(np.array([0.7, 0.1, 0.2]), PLAIN) == pytest.approx([2 / 7, 1 / 7, 4 / 7])
    assert equal_priors(np.array(PLAIN.prevalence), PLAIN) == pytest.approx([1 / 3] * 3), "no evidence, no preference"


def test_the_prediction_set_holds_what_cannot_be_excluded() -> None:
    probabilities = np.array([0.55, 0.25, 0.15, 0.05])
    assert conformal_set(probabilities, 0.80) == [0, 1]
    assert conformal_set(probabilities, 0.90) == [0, 1, 2]
    assert conformal_set(probabilities, 1.0) == [0, 1, 2, 3]
    assert conformal_set(probabilities, 0.2) == [0], "never empty"
    assert conformal_set(probabilities[::-1], 0.0) == [3]


every_turn = [View(quarter_turns=turns, flip=flip) for turns, flip in itertools.product(range(4), (False, True))]


@pytest.mark.parametrize("view", every_turn, ids=str)
def test_the_activation_map_is_turned_back_upright(view: View) -> None:
    # a picture with one bright quadrant goes through the view; a network that sees brightness is its map
    picture = np.zeros((70, 80, 3), np.uint8)
    picture[:35, 40:] = 255  # right of the middle, above it
    seen = crop_square(picture, view, 8).astype(np.float32) / 255
    upright = upright_activation([seen[np.newaxis]], [view], 0)
    assert upright is not None
    assert np.allclose(upright, crop_square(picture, View(), 8)[:, :, 0] / 255)
    assert upright[0, 7] == 1.0
    assert upright[7, 0] == upright[0, 0] == upright[7, 7] == 0.0


def test_the_activation_map_averages_members_and_upright_views() -> None:
    maps = np.zeros((2, 3, 2, 2, 2), np.float32)  # members, views, rows, columns, classes
    maps[0, 0, 0, 0, 1], maps[1, 0, 0, 0, 1] = 4.0, 2.0
    maps[:, 1, 0, 1, 1] = 5.0  # the flipped view: its right is the picture's left
    maps[:, 2, :, :, 1] = 100.0  # a zoomed view does not show the whole square
    maps[:, :2, 1, 1, 1] = -9.0  # evidence against
    views = [View(), View(flip=True), View(zoom=1.2)]
    upright = upright_activation(list(maps), views, 1)
    assert upright is not None
    assert upright.tolist() == [[4.0, 0.0], [0.0, 0.0]]
    assert upright.dtype == np.float32
    assert upright_activation(list(maps[:, 2:]), views[2:], 1) is None


def test_the_activation_map_is_as_fine_as_the_finest_member() -> None:
    coarse, fine = np.zeros((1, 2, 2, 1), np.float32), np.zeros((1, 4, 4, 1), np.float32)
    coarse[0, 0, 0], fine[0, 3, 3] = 4.0, 2.0
    upright = upright_activation([coarse, fine], [View()], 0)
    assert upright is not None
    assert upright.shape == (4, 4)
    assert upright[0, 0] == 2.0
    assert upright[3, 3] == 1.0
    assert upright[0, 3] == upright[3, 0] == 0.0
    assert upright[1, 1] > upright[2, 2] > 0.0  # in between, the coarse one fades out


def by_class(values: list[float]) -> dict[LesionClass, float]:
    return dict(zip(LesionClass, values, strict=True))


@pytest.fixture
def prediction() -> Prediction:
    return Prediction(
        probabilities=by_class([0.05, 0.1, 0.15, 0.0, 0.2, 0.4, 0.1]),
        scores=by_class([1 / 7] * 7),
        prediction_set=frozenset({LesionClass.NV}),
        unfamiliarity=1.0,
        activation_map=None,
        model_id="none",
        engine=Engine("ai-edge-litert 2.3.0", "cpu", 2),
        timings_ms={},
    )


def test_top_classes_and_familiarity(prediction: Prediction) -> None:
    assert prediction.top() == ((LesionClass.NV, 0.4), (LesionClass.MEL, 0.2), (LesionClass.BKL, 0.15))
    assert len(prediction.top(7)) == 7
    assert prediction.familiar
    assert not dataclasses.replace(prediction, unfamiliarity=1.01).familiar
    assert str(prediction.engine) == "CPU × 2 (ai-edge-litert 2.3.0)"


@pytest.mark.parametrize(
    "values",
    [
        by_class([0.1] * 7),
        by_class([math.nan] + [1 / 7] * 6),
        by_class([-0.5, 1.5, 0, 0, 0, 0, 0]),
        {LesionClass.NV: 1.0},
        {},
    ],
)
@pytest.mark.parametrize("name", ["probabilities", "scores"])
def test_a_prediction_that_adds_up_to_nothing_does_not_exist(
    prediction: Prediction, name: str, values: Mapping[LesionClass, float]
) -> None:
    change: dict[str, Any] = {name: values}
    with pytest.raises(ValueError, match=name):
        dataclasses.replace(prediction, **change)
    with pytest.raises(ValueError, match="prediction set"):
        dataclasses.replace(prediction, prediction_set=frozenset())


def reference(folder: Path, rgb: NDArray[np.uint8]) -> tuple[dict[str, float], float]:
    """Probabilities by class code and the distance, by a straight reading of the manifest in its own way."""
    bundle = bundles.load(folder)
    manifest = bundle.manifest
    interpreter = CpuInterpreter(bundle, 1)
    scale, zero_point = interpreter.input_quantisation.scale, interpreter.input_quantisation.zero_point
    batches = []
    for size in manifest.input_sizes_px:
        views = [crop_square(rgb, view, size) for view in manifest.views]
        stored = np.floor((np.stack(views) / 127.5 - 1.0) / scale + 0.5001) + zero_point  # ties go up, noise aside
        batches.append(np.clip(stored, -128, 127).astype(np.int8))
    outputs = interpreter.invoke(batches)
    interpreter.close()
    weights = np.ones(7)
    for logits in outputs.logits.reshape(-1, 7).astype(np.float64):
        weights *= (np.exp(logits) / np.exp(logits).sum()) ** (1.0 / len(outputs.logits.reshape(-1, 7)))
    weights = weights ** (1 / manifest.calibration.temperature) * np.exp(manifest.calibration.class_bias)
    space = FeatureSpace.from_npz(bundle.familiarity_bytes)
    distance = space.distance(outputs.embedding[0].mean(axis=0)) / manifest.familiarity.threshold
    return dict(zip([lesion.code for lesion in manifest.classes], weights / weights.sum(), strict=True)), distance


def test_a_picture_goes_through_all_steps(tiny_bundle: Path, picture: NDArray[np.uint8]) -> None:
    probabilities, unfamiliarity = reference(tiny_bundle, picture)
    with Classifier.open(tiny_bundle, "cpu") as classifier:
        prediction = classifier.classify(picture)
    assert {lesion.code: p for lesion, p in prediction.probabilities.items()} == pytest.approx(probabilities)
    assert prediction.unfamiliarity == pytest.approx(unfamiliarity)
    prevalence = dict(zip(classifier.bundle.manifest.classes, (0.6, 0.12, 0.02, 0.11, 0.05, 0.02, 0.08), strict=True))
    odds = {lesion: p / prevalence[lesion] for lesion, p in prediction.probabilities.items()}
    assert prediction.scores == pytest.approx({lesion: each / sum(odds.values()) for lesion, each in odds.items()})
    likely = {lesion for lesion, p in prediction.probabilities.items() if p >= 0.2}
    assert prediction.prediction_set == likely | {prediction.top(1)[0][0]}
    assert prediction.activation_map is not None
    assert prediction.activation_map.shape == (6, 6)
    assert prediction.activation_map.min() >= 0.0
    assert prediction.model_id == "tiny-untrained"
    assert prediction.engine.device == "cpu"
    assert list(prediction.timings_ms) == ["preprocess", "invoke", "calibrate", "explain"]
    assert min(prediction.timings_ms.values()) >= 0.0
    assert np.shape(prediction.inferences_ms) == (2, 4), "members, views"
    assert min(map(min, prediction.inferences_ms)) > 0.0


def test_the_class_order_is_the_manifests(make_bundle: Callable[..., Path], picture: NDArray[np.uint8]) -> None:
    flat = {"temperature": 1.0, "class_bias": [0.0] * 7, "prevalence": [1 / 7] * 7}
    forward = ["nv", "mel", "vasc", "bkl", "akiec", "df", "bcc"]
    results = []
    for order in (forward, forward[::-1]):
        with Classifier.open(make_bundle({"classes": order, "calibration": flat}), "cpu") as classifier:
            found = classifier.classify(picture).probabilities
        results.append([found[LesionClass.from_code(code)] for code in order])
    assert results[0] == results[1], "the network's first output belongs to the manifest's first class"


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 70), width=st.integers(1, 70))
def test_any_picture_gives_a_valid_prediction(classifier: Classifier, seed: int, height: int, width: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = rgb.copy()
    first, second = classifier.classify(rgb), classifier.classify(rgb)
    assert sum(first.probabilities.values()) == pytest.approx(1.0)
    assert first.top(1)[0][0] in first.prediction_set
    assert first.unfamiliarity >= 0.0
    assert first.probabilities == second.probabilities, "the same picture, the same prediction"
    assert np.array_equal(rgb, before)


@pytest.fixture(scope="module")
def classifier(shared_tiny_bundle: Path) -> Iterator[Classifier]:
    with Classifier.open(shared_tiny_bundle, "cpu") as opened:
        yield opened


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(classifier: Classifier, rgb: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match=r"uint8\[height, width, 3\]"):
        classifier.classify(rgb)


def test_familiarity_parameters_of_another_network_are_refused(make_bundle: Callable[..., Path]) -> None:
    space = FeatureSpace(
        mean=np.zeros(1280, np.float32),
        components=np.eye(2, 1280, dtype=np.float32),
        deviation=np.ones(2, np.float32),
        residual_deviation=1.0,
    )
    with pytest.raises(BundleError, match=r"embedding \[1280\], the networks give \[12\]"):
        Classifier.open(make_bundle(files={"familiarity.npz": space.to_npz()}), "cpu")
