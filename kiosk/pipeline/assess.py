"""The pure pipeline: frame → quality gate → prediction → advice, with the time of every stage.

The gate judges the picture while the model's input is made of it, and both use all cores; the model itself runs only
when the gate has let the picture pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from time import perf_counter
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Bundle
from edge_models.context import Context
from edge_models.engine import Batches
from edge_models.errors import EngineError
from edge_models.prediction import Prediction
from edge_models.preprocess import Spread, reduced
from edge_models.triage import Advice, AdviceLevel, advise, is_unsure
from kiosk.clinical.frame import Frame
from kiosk.errors import KioskError
from kiosk.pipeline.cores import beside, spread
from kiosk.pipeline.quality import LEAST_SIDE_PX, QualityReport, Reason, Verdict, check

# OpenCV's own threads spin while they wait for work: beside ours they cost the assessment a tenth of its time, and the
# live picture a sixth of what it asks of a core
cv2.setNumThreads(1)


class Outcome(StrEnum):
    """How an assessment ended; only `RESULT` shows classes."""

    RESULT = "result"
    RETAKE = "retake"
    NO_RESULT = "no_result"
    DEVICE_FAULT = "device_fault"


class Predictor(Protocol):
    """What the pipeline needs of a classifier (`edge_models.classifier.Classifier`)."""

    @property
    def bundle(self) -> Bundle: ...

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread) -> Batches: ...

    def predict(self, batches: Batches, context: Context | None) -> Prediction: ...


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything that one capture came to; complete, so that a store can keep it as it is.

    Attributes:
        outcome: how it ended.
        reasons: why it is not a plain result, most important first; empty for a plain one.
        frame: the picture; None where none could be taken.
        quality: what the gate measured; None where there is no picture.
        prediction: set for `RESULT` alone: a result that must not be shown does not exist.
        advice: set for `RESULT`; also for a model that is unsure but sees a credible malignancy.
        timings_ms: by stage: "capture", "reduce", "quality", "preprocess", "invoke", "calibrate", "explain". They sum
            to "total", shutter to assessment, less what lies between them: quality and preprocess begin together, and
            the time in which both ran, "beside", is counted half to each (so each ran half of it longer than it
            says). A stage that was not reached is left out.
        assessed_at: with a time zone.
        inferences_ms: as `Prediction`'s, but here for a prediction that is not shown too; empty where none was made.
        fault: what is wrong and what to do, in one line, for `DEVICE_FAULT`; else empty.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    frame: Frame | None
    quality: QualityReport | None
    prediction: Prediction | None
    advice: Advice | None
    timings_ms: Mapping[str, float]
    assessed_at: datetime
    fault: str = ""
    inferences_ms: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if (self.prediction is not None) != (self.outcome is Outcome.RESULT):
            raise ValueError("a prediction belongs to a result, and a result has one")
        if self.outcome is Outcome.RESULT and self.advice is None:
            raise ValueError("a result carries its advice")
        if self.outcome is not Outcome.RESULT and not self.reasons:
            raise ValueError(f"{self.outcome} needs a reason")
        if (self.outcome is Outcome.DEVICE_FAULT) != bool(self.fault):
            raise ValueError("a device fault says what is wrong, nothing else does")
        if self.assessed_at.tzinfo is None:
            raise ValueError("assessed_at needs a time zone")


def assess(
    frame: Frame, classifier: Predictor, *, now: datetime, context: Context | None = None, gate: bool = True
) -> Assessment:
    """Assess one picture.

    Args:
        frame: the picture at full resolution.
        classifier: an open classifier.
        now: the time of the assessment, with a zone.
        context: what is known of the patient.
        gate: False classifies whatever the quality gate and the model's own refusals say; the reasons stay named.

    Returns:
        The assessment. An engine that fails is an outcome (`DEVICE_FAULT`), not an exception.
    """
    started = perf_counter()
    manifest = classifier.bundle.manifest
    # gate and model look at the same small copy; reducing the camera's large picture costs more than either
    rgb = reduced(frame.rgb, manifest.views, manifest.input_sizes_px, LEAST_SIDE_PX, spread)
    both_began = perf_counter()
    judging = beside(_judge, rgb)
    batches = classifier.prepare(rgb, spread)
    prepared = perf_counter()
    quality, judged = judging.result()
    together = min(prepared, judged) - both_began
    timings = {
        "reduce": (both_began - started) * 1e3,
        "quality": (judged - both_began - together / 2) * 1e3,
        "preprocess": (prepared - both_began - together / 2) * 1e3,
        "beside": together * 1e3,
    }
    verdict = Assessment(
        outcome=Outcome.RETAKE,
        reasons=quality.reasons or (Reason.NOTHING_IN_VIEW,),
        frame=frame,
        quality=quality,
        prediction=None,
        advice=None,
        timings_ms=timings,
        assessed_at=now,
    )
    if gate and quality.verdict is Verdict.RETAKE:
        return replace(verdict, timings_ms=timings | {"total": _since_ms(started)})
    try:
        prediction = classifier.predict(batches, context)
    except EngineError as error:
        return fault(error, Reason.ENGINE_FAULT, now=now, frame=frame)
    timings |= prediction.timings_ms
    verdict = replace(verdict, inferences_ms=prediction.inferences_ms)
    advice = advise(prediction, manifest.decision)
    refusals = _refusals(prediction)
    timings |= {"total": _since_ms(started)}
    if gate and refusals:
        # an unsure model may not show classes, but it may not hide a credible malignancy either
        kept = advice if refusals == (Reason.MODEL_UNSURE,) and advice.level is not AdviceLevel.ROUTINE else None
        return replace(verdict, outcome=Outcome.NO_RESULT, reasons=refusals, advice=kept, timings_ms=timings)
    return replace(
        verdict,
        outcome=Outcome.RESULT,
        reasons=(*quality.reasons, *refusals),
        prediction=prediction,
        advice=advice,
        timings_ms=timings,
    )


def fault(error: KioskError | EngineError, reason: Reason, *, now: datetime, frame: Frame | None = None) -> Assessment:
    """The assessment of a capture that a broken device prevented; `error` says what to do."""
    return Assessment(
        outcome=Outcome.DEVICE_FAULT,
        reasons=(reason,),
        frame=frame,
        quality=None,
        prediction=None,
        advice=None,
        timings_ms={},
        assessed_at=now,
        fault=str(error),
    )


def _judge(rgb: NDArray[np.uint8]) -> tuple[QualityReport, float]:
    """The gate's report, and when it was ready."""
    return check(rgb), perf_counter()


def _refusals(prediction: Prediction) -> tuple[Reason, ...]:
    if not prediction.familiar:
        return (Reason.NOT_DERMATOSCOPIC,)
    return (Reason.MODEL_UNSURE,) if is_unsure(prediction) else ()


def _since_ms(started: float) -> float:
    return (perf_counter() - started) * 1e3
