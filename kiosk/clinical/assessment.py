"""What one capture came to, with everything that a complaint would be reconstructed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from edge_models.frozen import frozen
from edge_models.prediction import Engine, Prediction
from edge_models.triage import Advice
from kiosk.clinical.frame import AUTOMATIC, CameraSettings, Frame
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.clinical.scope import ScopeLimit


class Outcome(StrEnum):
    """How an assessment ended; only `RESULT` shows classes."""

    RESULT = "result"
    RETAKE = "retake"
    NO_RESULT = "no_result"
    DEVICE_FAULT = "device_fault"


@dataclass(frozen=True)
class Provenance:
    """What an assessment was made with; it stands on every outcome, refusals and faults too.

    Attributes:
        model_id: the bundle's name.
        model_digest: SHA-256 of its manifest, in hexadecimal digits.
        engine: what ran the model, or would have.
        software_version: of the kiosk.
        software_commit: of its source, in hexadecimal digits; empty where nobody recorded it.
        camera: in words for the operator; empty where none was ever opened.
        camera_settings: what the picture was taken with.
        calibration_age_days: since the camera was calibrated, at the time of the assessment; None where nobody
            recorded a calibration.
    """

    model_id: str
    model_digest: str
    engine: Engine
    software_version: str
    software_commit: str
    camera: str
    camera_settings: CameraSettings = AUTOMATIC
    calibration_age_days: int | None = None


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything that one capture came to; complete, so that a store can keep it as it is.

    Attributes:
        outcome: how it ended.
        reasons: why it is not a plain result, most important first; empty for a plain one.
        frame: the picture; None where none could be taken.
        quality: what the gate measured; None where it measured nothing.
        prediction: set for `RESULT` alone.
        withheld: what the model said where it is not shown (`NO_RESULT`), kept for reconstruction. A screen never gets
            it: see `shown`.
        limits: what puts the picture outside what the model was tested on.
        advice: set for `RESULT`; of a model that is unsure but refers the level alone, without classes.
        timings_ms: how long every stage that was reached took: "capture", "reduce", "quality", "preprocess",
            "invoke", "calibrate", "explain", and "total" from shutter to assessment; read-only. Quality and preprocess
            overlap: "overlap" is the time in which both ran, so the stages less "overlap" sum to no more than "total".
        assessed_at: with a time zone.
        provenance: what it was made with.
        fault: what is wrong and what to do, in one line, for `DEVICE_FAULT`; else empty.

    Raises:
        ValueError: fields that contradict each other.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    frame: Frame | None
    quality: QualityReport | None
    prediction: Prediction | None
    withheld: Prediction | None
    advice: Advice | None
    timings_ms: Mapping[str, float]
    assessed_at: datetime
    provenance: Provenance
    limits: tuple[ScopeLimit, ...] = ()
    fault: str = ""

    def __post_init__(self) -> None:
        if (self.prediction is not None) != (self.outcome is Outcome.RESULT):
            raise ValueError("a prediction belongs to a result, and a result has one")
        if self.withheld is not None and self.outcome is not Outcome.NO_RESULT:
            raise ValueError("only an outcome without a result withholds a prediction")
        if self.outcome is Outcome.RESULT and self.advice is None:
            raise ValueError("a result carries its advice")
        if self.prediction is not None and self.advice is not None and not self.advice.tells_of(self.prediction):
            raise ValueError("a result's advice is that of its prediction")
        if self.prediction is None and self.advice is not None and self.advice.cannot_exclude:
            raise ValueError("without a prediction the advice names no class")
        if self.outcome is not Outcome.RESULT and not self.reasons:
            raise ValueError(f"{self.outcome} needs a reason")
        if (self.outcome is Outcome.DEVICE_FAULT) != bool(self.fault):
            raise ValueError("a device fault says what is wrong, nothing else does")
        if self.assessed_at.tzinfo is None:
            raise ValueError("assessed_at needs a time zone")
        object.__setattr__(self, "timings_ms", frozen(self.timings_ms))

    def shown(self) -> Assessment:
        """The same without what must not be shown."""
        return self if self.withheld is None else replace(self, withheld=None)
