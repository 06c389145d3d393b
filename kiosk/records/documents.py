"""Assessments and pictures' descriptions ↔ JSON, without loss."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import numpy as np

from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import Advice, AdviceLevel, Ground
from edge_models.window import Window
from kiosk.clinical.assessment import Assessment, Outcome, Provenance
from kiosk.clinical.examination import MediaType, Picture
from kiosk.clinical.frame import CameraSettings
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.clinical.scope import ScopeLimit
from kiosk.errors import StoreDamaged

FORMAT = 1


def assessment_to_json(assessment: Assessment) -> str:
    """A whole assessment but for its frame."""
    quality, advice, provenance = assessment.quality, assessment.advice, assessment.provenance
    return _dumps(
        {
            "format": FORMAT,
            "outcome": assessment.outcome.value,
            "reasons": [reason.value for reason in assessment.reasons],
            "quality": None
            if quality is None
            else {
                "reasons": [reason.value for reason in quality.reasons],
                "measures": _floats(quality.measures),
                "window": None if quality.window is None else [int(pixels) for pixels in quality.window],
            },
            "prediction": _prediction_to_json(assessment.prediction),
            "withheld": _prediction_to_json(assessment.withheld),
            "advice": None if advice is None else _advice_to_json(advice),
            "timings_ms": _floats(assessment.timings_ms),
            "assessed_at": assessment.assessed_at.isoformat(),
            "provenance": {
                **asdict(provenance),
                "camera_settings": settings_to_json(provenance.camera_settings),
            },
            "limits": [limit.value for limit in assessment.limits],
            "fault": assessment.fault,
            "fault_code": assessment.fault_code,
        }
    )


def assessment_from_json(text: str) -> Assessment:
    """Read what `assessment_to_json` wrote; its frame is None.

    Raises:
        StoreDamaged: it is nothing that was written.
    """
    try:
        document = json.loads(text)
        quality, advice, provenance = document["quality"], document["advice"], document["provenance"]
        return Assessment(
            outcome=Outcome(document["outcome"]),
            reasons=tuple(map(Reason, document["reasons"])),
            frame=None,
            quality=None
            if quality is None
            else QualityReport(
                tuple(map(Reason, quality["reasons"])),
                quality["measures"],
                None if quality["window"] is None else Window(*quality["window"]),
            ),
            prediction=_prediction_from_json(document["prediction"]),
            withheld=_prediction_from_json(document["withheld"]),
            advice=None if advice is None else _advice_from_json(advice),
            timings_ms=document["timings_ms"],
            assessed_at=datetime.fromisoformat(document["assessed_at"]),
            provenance=Provenance(
                **{
                    **provenance,
                    "engine": Engine(**provenance["engine"]),
                    "camera_settings": settings_from_json(provenance["camera_settings"]),
                }
            ),
            limits=tuple(map(ScopeLimit, document["limits"])),
            fault=document["fault"],
            fault_code=document["fault_code"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreDamaged("An assessment in the records cannot be read", "Restore the last backup") from error


def picture_to_json(picture: Picture) -> str:
    """A picture's description."""
    return _dumps(
        {
            "media_type": picture.media_type.value,
            "width_px": picture.width_px,
            "height_px": picture.height_px,
            "captured_at": picture.captured_at.isoformat(),
            "source": picture.source,
            "simulated": picture.simulated,
            "settings": settings_to_json(picture.settings),
        }
    )


def picture_from_json(text: str) -> Picture:
    """Read what `picture_to_json` wrote.

    Raises:
        StoreDamaged: it is nothing that was written.
    """
    try:
        document = json.loads(text)
        return Picture(
            MediaType(document["media_type"]),
            int(document["width_px"]),
            int(document["height_px"]),
            datetime.fromisoformat(document["captured_at"]),
            document["source"],
            document["simulated"],
            settings_from_json(document["settings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamaged("A picture's description cannot be read", "Restore the last backup") from error


def settings_to_json(settings: CameraSettings) -> dict[str, Any]:
    """A camera's settings."""
    day = settings.calibrated_on
    return {**asdict(settings), "calibrated_on": None if day is None else day.isoformat()}


def settings_from_json(document: Mapping[str, Any]) -> CameraSettings:
    """Read what `settings_to_json` made.

    Raises:
        KeyError: something is missing.
        TypeError: a value of another type.
        ValueError: a value that cannot be.
    """
    gains, day = document["colour_gains"], document["calibrated_on"]
    return CameraSettings(
        **{
            **document,
            "colour_gains": None if gains is None else (float(gains[0]), float(gains[1])),
            "calibrated_on": None if day is None else date.fromisoformat(day),
        }
    )


def _prediction_to_json(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    activation = prediction.activation_map
    return {
        "probabilities": {lesion.code: float(p) for lesion, p in prediction.probabilities.items()},
        "scores": {lesion.code: float(p) for lesion, p in prediction.scores.items()},
        "prediction_set": sorted(lesion.code for lesion in prediction.prediction_set),
        "unfamiliarity": float(prediction.unfamiliarity),
        "activation_map": None
        if activation is None
        else {
            "shape": list(activation.shape),
            "float32": base64.b64encode(activation.astype("<f4").tobytes()).decode(),
        },
        "model_id": prediction.model_id,
        "engine": asdict(prediction.engine),
        "timings_ms": _floats(prediction.timings_ms),
        "inferences_ms": [[float(ms) for ms in member] for member in prediction.inferences_ms],
        "context_used": prediction.context_used,
    }


def _prediction_from_json(document: Mapping[str, Any] | None) -> Prediction | None:
    if document is None:
        return None
    activation = document["activation_map"]
    return Prediction(
        probabilities={LesionClass.from_code(code): p for code, p in document["probabilities"].items()},
        scores={LesionClass.from_code(code): p for code, p in document["scores"].items()},
        prediction_set=frozenset(map(LesionClass.from_code, document["prediction_set"])),
        unfamiliarity=document["unfamiliarity"],
        activation_map=None
        if activation is None
        else np.frombuffer(base64.b64decode(activation["float32"], validate=True), "<f4")
        .reshape(activation["shape"])
        .astype(np.float32),
        model_id=document["model_id"],
        engine=Engine(**document["engine"]),
        timings_ms=document["timings_ms"],
        inferences_ms=tuple(tuple(member) for member in document["inferences_ms"]),
        context_used=document["context_used"],
    )


def _advice_to_json(advice: Advice) -> dict[str, Any]:
    return {
        "level": advice.level.value,
        "named": [lesion.code for lesion in advice.named],
        "cannot_exclude": [lesion.code for lesion in advice.cannot_exclude],
        "why": [
            {
                "lesion": ground.lesion.code,
                "probability": float(ground.probability),
                "threshold": float(ground.threshold),
                "level": ground.level.value,
            }
            for ground in advice.why
        ],
        "malignant": float(advice.malignant),
    }


def _advice_from_json(document: Mapping[str, Any]) -> Advice:
    return Advice(
        level=AdviceLevel(document["level"]),
        named=tuple(map(LesionClass.from_code, document["named"])),
        cannot_exclude=tuple(map(LesionClass.from_code, document["cannot_exclude"])),
        why=tuple(
            Ground(
                lesion=LesionClass.from_code(each["lesion"]),
                probability=each["probability"],
                threshold=each["threshold"],
                level=AdviceLevel(each["level"]),
            )
            for each in document["why"]
        ),
        malignant=document["malignant"],
    )


def _floats(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _dumps(document: Mapping[str, Any]) -> str:
    # measures may be infinite or not a number: Python's own spelling keeps them
    return json.dumps(document, separators=(",", ":"))
