"""What the model says of one picture: calibrated, with its uncertainty and where it looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_models.frozen import frozen
from edge_models.labels import LesionClass


@dataclass(frozen=True)
class Engine:
    """What computed a prediction.

    Attributes:
        runtime: the inference library and its version ("ai-edge-litert 2.3.0").
        device: "cpu" or "edgetpu".
        threads: CPU threads, 0 on another device.
        note: why it is not the engine that was wished for; empty when it is.
    """

    runtime: str
    device: str
    threads: int
    note: str = ""

    def __str__(self) -> str:
        where = f"CPU × {self.threads}" if self.device == "cpu" else "Edge TPU"
        return f"{where} ({self.runtime})" + (f", {self.note}" if self.note else "")


@dataclass(frozen=True, eq=False)
class Prediction:
    """A calibrated prediction; never a diagnosis. Mappings and arrays are made read-only.

    Attributes:
        probabilities: by class, calibrated for the prevalence that the manifest states; they sum to 1.
        scores: the same evidence under equal class priors; they sum to 1.
        prediction_set: the conformal prediction set: the classes that cannot be excluded at the manifest's promised
            coverage; never empty.
        unfamiliarity: the out-of-distribution score: distance from what the model was trained on, in units of the
            threshold (> 1: not familiar).
        activation_map: the class activation map, float32[rows, columns] ≥ 0: evidence for the most likely class over
            the square that the model saw upright and whole; None when no view shows it so.
        model_id: the bundle's name.
        engine: what ran it.
        timings_ms: by stage, one after another.
        context_used: whether anything known of the patient counted beside the picture.
        inferences_ms: how long each inference took, by member and then by view, both in the manifest's order. As many
            as the engine has threads ran at once, so they sum to more than the stage `invoke`.
    """

    probabilities: Mapping[LesionClass, float]
    scores: Mapping[LesionClass, float]
    prediction_set: frozenset[LesionClass]
    unfamiliarity: float
    activation_map: NDArray[np.float32] | None
    model_id: str
    engine: Engine
    timings_ms: Mapping[str, float]
    inferences_ms: tuple[tuple[float, ...], ...] = ()
    context_used: bool = False

    def __post_init__(self) -> None:
        for name in ("probabilities", "scores", "timings_ms"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        if self.activation_map is not None:
            self.activation_map.flags.writeable = False
        for name in ("probabilities", "scores"):
            values = getattr(self, name)
            if set(values) != set(LesionClass):
                raise ValueError(f"{name} must hold every class")
            if not (min(values.values()) >= 0.0 and abs(sum(values.values()) - 1.0) <= 1e-6):  # so that NaN fails too
                raise ValueError(f"{name} must be 0 or more and sum to 1")
        if not self.prediction_set:
            raise ValueError("the prediction set may not be empty")

    @property
    def familiar(self) -> bool:
        """Whether the picture looks like what the model was trained on."""
        return self.unfamiliarity <= 1.0

    def top(self, count: int = 3) -> tuple[tuple[LesionClass, float], ...]:
        """The `count` most likely classes with their probabilities, likeliest first."""
        return tuple(sorted(self.probabilities.items(), key=lambda item: -item[1])[:count])
