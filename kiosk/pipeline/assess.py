"""The pure pipeline: frame → quality gate → prediction → advice, with the time of every stage.

The gate judges the picture while the model's input is made of it, and both use all cores; the model itself runs only
when the gate has let the picture pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Bundle
from edge_models.context import Context
from edge_models.engine import Batches
from edge_models.errors import DermakioskError, EngineError
from edge_models.field import find_window, seen
from edge_models.prediction import Engine, Prediction
from edge_models.preprocess import reduced
from edge_models.reduce import Spread
from edge_models.triage import abstention, advise, kept
from edge_models.window import Window
from kiosk.clinical.assessment import Assessment, Outcome, Provenance
from kiosk.clinical.frame import Frame
from kiosk.clinical.quality_report import QualityReport, Reason, Verdict
from kiosk.clinical.scope import ScopeLimit
from kiosk.pipeline.cores import Cores
from kiosk.pipeline.quality import LEAST_SIDE_PX, judge
from kiosk.version import installed_version, source_commit


class Predictor(Protocol):
    """What the pipeline needs of a classifier (`edge_models.classifier.Classifier`)."""

    @property
    def bundle(self) -> Bundle:
        """What it predicts with."""
        ...

    @property
    def engine(self) -> Engine:
        """What ran the last prediction, or would run the first."""
        ...

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread) -> Batches:
        """The networks' input, made of a picture."""
        ...

    def predict(self, batches: Batches, context: Context | None) -> Prediction:
        """What the networks say of it."""
        ...


class _Prepared(NamedTuple):
    """A picture that was judged, and the networks' input made of it."""

    quality: QualityReport
    batches: Batches
    timings_ms: Mapping[str, float]


def assess(
    frame: Frame,
    classifier: Predictor,
    cores: Cores,
    *,
    now: datetime,
    context: Context | None = None,
    limits: tuple[ScopeLimit, ...] = (),
    gate: bool = True,
) -> Assessment:
    """Assess one picture.

    Args:
        frame: the picture at full resolution.
        classifier: an open classifier.
        cores: entered.
        now: the time of the assessment, with a zone.
        context: what is known of the patient.
        limits: what puts the picture outside what the model was tested on.
        gate: False classifies whatever the quality gate and the model's own refusals say; the reasons stay named.

    Returns:
        The assessment. An engine that fails is an outcome (`DEVICE_FAULT`), not an exception.
    """
    started = perf_counter()
    quality, batches, timings_ms = _prepare(frame, classifier, cores)
    if gate and quality.verdict is Verdict.RETAKE:
        timings_ms = {**timings_ms, "total": _since_ms(started)}
        return _retake(frame, quality, timings_ms, provenance(classifier, frame, now=now), limits, now)
    try:
        prediction = classifier.predict(batches, context)
    except EngineError as error:
        timings_ms = {**timings_ms, "total": _since_ms(started)}
        made_with = provenance(classifier, frame, now=now)
        return fault(
            error,
            Reason.ENGINE_FAULT,
            made_with,
            now=now,
            frame=frame,
            quality=quality,
            timings_ms=timings_ms,
            limits=limits,
        )
    decision = classifier.bundle.manifest.decision
    advice = advise(prediction, decision)
    abstains = abstention(prediction, decision)
    refusals = () if abstains is None else (Reason(abstains.value),)
    result = Assessment(
        outcome=Outcome.RESULT,
        reasons=(*quality.reasons, *refusals),
        frame=frame,
        quality=quality,
        prediction=prediction,
        withheld=None,
        advice=advice,
        timings_ms={**timings_ms, **prediction.timings_ms, "total": _since_ms(started)},
        assessed_at=now,
        provenance=provenance(classifier, frame, now=now),
        limits=limits,
    )
    if not (gate and refusals):
        return result
    return replace(
        result,
        outcome=Outcome.NO_RESULT,
        reasons=refusals,
        prediction=None,
        withheld=prediction,
        advice=kept(advice, abstains),
    )


def _retake(
    frame: Frame,
    quality: QualityReport,
    timings_ms: Mapping[str, float],
    made_with: Provenance,
    limits: tuple[ScopeLimit, ...],
    now: datetime,
) -> Assessment:
    """The assessment of a picture that is not good enough to be classified."""
    return Assessment(
        outcome=Outcome.RETAKE,
        reasons=quality.reasons,
        frame=frame,
        quality=quality,
        prediction=None,
        withheld=None,
        advice=None,
        timings_ms=timings_ms,
        assessed_at=now,
        provenance=made_with,
        limits=limits,
    )


def fault(
    error: DermakioskError,
    reason: Reason,
    made_with: Provenance,
    *,
    now: datetime,
    frame: Frame | None = None,
    quality: QualityReport | None = None,
    timings_ms: Mapping[str, float],
    limits: tuple[ScopeLimit, ...] = (),
) -> Assessment:
    """The assessment of a capture that a broken device prevented.

    Args:
        error: what is wrong and what to do.
        reason: which device it is.
        made_with: model, engine and camera of the capture.
        now: the time of the assessment, with a zone.
        frame: the picture, if one was taken.
        quality: what the gate said of it, if it was asked.
        timings_ms: of the stages that were finished.
        limits: what puts the picture outside what the model was tested on.
    """
    return Assessment(
        outcome=Outcome.DEVICE_FAULT,
        reasons=(reason,),
        frame=frame,
        quality=quality,
        prediction=None,
        withheld=None,
        advice=None,
        timings_ms=timings_ms,
        assessed_at=now,
        provenance=made_with,
        limits=limits,
        fault=str(error),
        fault_code=error.code,
    )


def provenance(classifier: Predictor, frame: Frame | None, *, now: datetime, camera: str = "") -> Provenance:
    """What an assessment is made with.

    Args:
        classifier: its bundle, and what ran its last prediction.
        frame: the picture; None where none could be taken.
        now: the time of the assessment, with a zone.
        camera: which one failed, where there is no picture.
    """
    manifest = classifier.bundle.manifest
    made_with = Provenance(
        model_id=manifest.model_id,
        model_digest=manifest.digest,
        engine=classifier.engine,
        software_version=installed_version(),
        software_commit=source_commit(),
        camera=camera,
    )
    if frame is None:
        return made_with
    calibrated_on = frame.settings.calibrated_on
    return replace(
        made_with,
        camera=frame.source,
        camera_settings=frame.settings,
        calibration_age_days=None if calibrated_on is None else (now.date() - calibrated_on).days,
    )


def _prepare(frame: Frame, classifier: Predictor, cores: Cores) -> _Prepared:
    """Judge a picture and make the networks' input of it at the same time."""
    started = perf_counter()
    manifest = classifier.bundle.manifest
    # gate and model look at the same small copy; reducing the camera's large picture costs more than either
    window = find_window(frame.rgb)
    rgb = reduced(seen(frame.rgb, window), manifest.views, manifest.input_sizes_px, LEAST_SIDE_PX, cores.spread)
    both_began = perf_counter()
    judging = cores.begin(_judge, rgb, window, min(frame.width_px, frame.height_px))
    batches = classifier.prepare(rgb, cores.spread)
    prepared = perf_counter()
    quality, judged = judging.result()
    timings_ms = {
        "reduce": (both_began - started) * 1e3,
        "quality": (judged - both_began) * 1e3,
        "preprocess": (prepared - both_began) * 1e3,
        "overlap": (min(prepared, judged) - both_began) * 1e3,
    }
    return _Prepared(quality, batches, timings_ms)


def _judge(rgb: NDArray[np.uint8], window: Window | None, shorter_side_px: int) -> tuple[QualityReport, float]:
    """The gate's report, and when it was ready."""
    return judge(rgb, window, shorter_side_px), perf_counter()


def _since_ms(started: float) -> float:
    return (perf_counter() - started) * 1e3
