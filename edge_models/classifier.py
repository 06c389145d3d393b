"""A bundle and an interpreter make a classifier: one picture in, one calibrated `Prediction` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models.bundle import Bundle, Calibration
from edge_models.context import Context
from edge_models.engine import Batches, Interpreter, Outputs
from edge_models.errors import BundleError
from edge_models.familiarity import FeatureSpace
from edge_models.field import in_view
from edge_models.interpreter import open_interpreter
from edge_models.prediction import Engine, Prediction
from edge_models.preprocess import View, model_input
from edge_models.reduce import Spread


class Classifier:
    """All views (test-time augmentation) through all ensemble members of one bundle.

    One thread at a time may call it.
    """

    def __init__(self, bundle: Bundle, interpreter: Interpreter) -> None:
        """Use an opened interpreter; closing the classifier closes it.

        Raises:
            BundleError: the familiarity parameters cannot be used with these networks.
        """
        self.bundle = bundle
        self.interpreter = interpreter
        self._feature_space = FeatureSpace.from_npz(bundle.familiarity_bytes)
        sizes = (self._feature_space.mean.shape, interpreter.output_shapes[0].embedding)
        if sizes[0] != sizes[1]:
            raise BundleError(
                f"the familiarity parameters are for an embedding {list(sizes[0])}, the networks give {list(sizes[1])}",
                "Publish the bundle again with `python -m training publish`",
            )

    @property
    def engine(self) -> Engine:
        """What ran the last prediction, or would run the first."""
        return self.interpreter.describe()

    @classmethod
    def open(
        cls, folder: Path | None = None, engine: str = "auto", threads: int | None = None, *, use_context: bool = True
    ) -> Self:
        """Verify a bundle and open an engine for it.

        Args:
            folder: of the bundle; None for the one that ships.
            engine: "auto", "cpu" or "edgetpu".
            threads: CPU threads; None for as many as there are cores.
            use_context: False leaves the bundle's tables of age, sex and site aside: the picture alone counts.

        Raises:
            BundleError: the bundle is not what was published.
            EngineUnavailable: the engine named is not there ("auto" falls back to the CPU instead).
        """
        bundle = bundles.load(folder or bundles.default_bundle())
        if not use_context:
            bundle = replace(bundle, manifest=replace(bundle.manifest, context=None))
        interpreter = open_interpreter(bundle, engine, threads)
        try:
            return cls(bundle, interpreter)
        except BaseException:
            interpreter.close()
            raise

    def classify(self, rgb: NDArray[np.uint8], context: Context | None = None) -> Prediction:
        """Predict the lesion class of one picture.

        Args:
            rgb: uint8[height, width, 3].
            context: what is known of the patient; used where the bundle holds tables for it.

        Raises:
            ValueError: not such an array.
            EngineFailed: the engine stopped answering and nothing could stand in for it.
        """
        started = perf_counter()
        batches = self.prepare(in_view(rgb))
        preprocess_ms = (perf_counter() - started) * 1e3
        prediction = self.predict(batches, context)
        return replace(prediction, timings_ms={"preprocess": preprocess_ms, **prediction.timings_ms})

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread = map) -> Batches:
        """The first half of `classify`: what the networks take.

        Args:
            rgb: uint8[height, width, 3].
            spread: see `edge_models.reduce`.

        Raises:
            ValueError: not such an array.
        """
        manifest, inputs = self.bundle.manifest, self.interpreter.input_quantisation
        made = {
            size: model_input(rgb, manifest.views, size, inputs.scale, inputs.zero_point, spread)
            for size in set(manifest.input_sizes_px)
        }
        return [made[size] for size in manifest.input_sizes_px]

    def predict(self, batches: Batches, context: Context | None = None) -> Prediction:
        """The second half of `classify`, of what `prepare` gave.

        Raises:
            EngineFailed: as `classify`.
        """
        started = perf_counter()
        outputs = self.interpreter.invoke(batches)
        invoke_ms = (perf_counter() - started) * 1e3
        prediction = self.interpret(outputs, context)
        return replace(prediction, timings_ms={"invoke": invoke_ms, **prediction.timings_ms})

    def interpret(self, outputs: Outputs, context: Context | None = None) -> Prediction:
        """What the networks' outputs say, the last part of `predict`."""
        manifest = self.bundle.manifest
        started = perf_counter()
        log_odds: NDArray[np.float64] | float = 0.0
        context_used = context is not None and manifest.context is not None and manifest.context.use(context)
        if context is not None and manifest.context is not None:
            log_odds = manifest.context.log_odds(context, len(manifest.classes))
        probabilities = calibrate(mean_log_softmax(outputs.logits), manifest.calibration, log_odds)
        scores = equal_priors(probabilities, manifest.calibration)
        thresholds = manifest.decision.thresholds(context_used=context_used)
        members = conformal_set(probabilities, thresholds.conformal)
        # the first member's features: each member has a feature space of its own, and one is enough to know a lesion
        distance = self._feature_space.distance(outputs.embedding[0].mean(axis=0))
        calibrated = perf_counter()
        activation = upright_activation(outputs.activation_maps, manifest.views, int(np.argmax(probabilities)))
        explained = perf_counter()
        classes = manifest.classes
        return Prediction(
            probabilities=dict(zip(classes, probabilities.tolist(), strict=True)),
            scores=dict(zip(classes, scores.tolist(), strict=True)),
            prediction_set=frozenset(classes[index] for index in members),
            unfamiliarity=distance / manifest.familiarity.threshold,
            activation_map=activation,
            model_id=manifest.model_id,
            engine=self.interpreter.describe(),
            timings_ms={"calibrate": (calibrated - started) * 1e3, "explain": (explained - calibrated) * 1e3},
            inferences_ms=tuple(tuple(member) for member in outputs.inference_ms.tolist()),
            context_used=context_used,
        )

    def close(self) -> None:
        """Give the engine back; may be called again."""
        self.interpreter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mean_log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pool the evidence of members and views: the mean of log-softmax, float[members, views, C] → float64[C]."""
    return np.asarray(log_softmax(logits).reshape(-1, logits.shape[-1]).mean(axis=0))


def log_softmax(logits: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-softmax over the last axis, in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    return np.asarray(wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True)))


def calibrate(
    mean_log_p: NDArray[np.float64], calibration: Calibration, log_odds: NDArray[np.float64] | float = 0.0
) -> NDArray[np.float64]:
    """Pooled log-softmax float64[..., C] → probabilities float64[..., C] at the manifest's prevalence.

    `log_odds` float64[..., C] is what is known besides the picture (`edge_models.context`).
    """
    return softmax(mean_log_p / calibration.temperature + np.asarray(calibration.class_bias) + log_odds)


def equal_priors(probabilities: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """Probabilities float64[..., C] under equal class priors instead of the manifest's prevalence (Bayes' rule)."""
    odds = probabilities / np.asarray(calibration.prevalence)
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def conformal_set(probabilities: NDArray[np.float64], threshold: float) -> list[int]:
    """Indices of the classes that cannot be excluded; the likeliest always belongs to them."""
    likeliest = int(np.argmax(probabilities))
    return [index for index, p in enumerate(probabilities) if 1.0 - p <= threshold or index == likeliest]


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def upright_activation(
    activation_maps: Sequence[NDArray[np.float32]], views: Sequence[View], index: int
) -> NDArray[np.float32] | None:
    """Class activation map (Zhou et al. 2016, doi:10.1109/CVPR.2016.319) of one class over the whole square.

    Averages the maps of all members over the views that show the whole square (zoom 1, centred), each put upright
    again and as fine as the finest; negative evidence is cut off.

    Args:
        activation_maps: of every member float32[views, rows, columns, C], rows and columns alike.
        views: as in the manifest.
        index: the class's place in class order.

    Returns:
        float32[rows, columns] ≥ 0, or None where no view shows the whole square.
    """
    whole = [place for place, view in enumerate(views) if view.zoom == 1.0 and not (view.dx or view.dy)]
    if not whole:
        return None
    side = max(len(maps[0]) for maps in activation_maps)
    means = []
    for maps in activation_maps:
        mean = np.mean([_upright(maps[place, :, :, index], views[place]) for place in whole], axis=0)
        means.append(cv2.resize(mean, (side, side), interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.maximum(np.mean(means, axis=0), 0.0), np.float32)


def _upright(seen: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """Undo the turns and the flip of a view."""
    return np.rot90(seen[:, ::-1] if view.flip else seen, -view.quarter_turns)
