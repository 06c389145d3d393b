"""A real store on a real disk, and whole examinations to put into it: what the tests of records and access share."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import Advice, AdviceLevel, Ground
from edge_models.window import Window
from kiosk.clinical.assessment import Assessment, Outcome, Provenance
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import Consent, Examination, ExaminationId, MediaType, Picture
from kiosk.clinical.frame import CameraSettings
from kiosk.clinical.lesion import BodyPoint, BodyView, Lesion
from kiosk.clinical.operator import Operator, Role
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.clinical.scope import ScopeLimit
from kiosk.records.keys import DataKey, Kdf
from kiosk.records.opening import open_store, set_up
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import Store

ANNA = Operator("00000000000000aa", "Anna", Role.ADMINISTRATOR)
PIN = "27182818"
WEAK = Kdf(memory_kib=32, passes=1, lanes=1)
"""Quick enough for tests; `calibrate` never gives it."""
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ENGINE = Engine("ai-edge-litert 2.3.0", "cpu", 4, "no Edge TPU is plugged in")
SETTINGS = CameraSettings(8000, 1.5, (2.1, 1.7), 10.0, date(2026, 1, 31))


def new_id() -> str:
    return os.urandom(16).hex()


def new_prediction(likeliest: LesionClass = LesionClass.MEL) -> Prediction:
    rest = (1 - 0.7) / (len(LesionClass) - 1)
    probabilities = {lesion: 0.7 if lesion is likeliest else rest for lesion in LesionClass}
    activation = np.random.default_rng(3).random((7, 7), np.float32)
    return Prediction(
        probabilities=probabilities,
        scores=dict(reversed(probabilities.items())),
        prediction_set=frozenset({likeliest, LesionClass.NV}),
        unfamiliarity=0.1 + 0.2,
        activation_map=activation,
        model_id="tiny",
        engine=ENGINE,
        timings_ms={"invoke": 1 / 3},
        inferences_ms=((1.5, 2.5), (3.5,)),
        context_used=True,
    )


def new_advice(prediction: Prediction, level: AdviceLevel) -> Advice:
    """Advice of that level on a prediction, as `edge_models.triage` would put it together."""
    likeliest, share = prediction.top(1)[0]
    refers = level is not AdviceLevel.ROUTINE
    set_, shares = prediction.prediction_set, prediction.probabilities
    return Advice(
        level=level,
        named=(likeliest,) if refers else (),
        cannot_exclude=tuple(sorted(set_, key=lambda lesion: -shares[lesion])),
        why=(Ground(likeliest, share, 0.125, level),) if refers else (),
        malignant=0.75 if refers else 0.25,
    )


def new_assessment(
    outcome: Outcome = Outcome.RESULT, at: datetime = NOON, level: AdviceLevel = AdviceLevel.URGENT_REFERRAL
) -> Assessment:
    prediction = new_prediction(LesionClass.NV if level is AdviceLevel.ROUTINE else LesionClass.MEL)
    advice = {
        Outcome.RESULT: new_advice(prediction, level),
        Outcome.NO_RESULT: new_advice(new_prediction(), AdviceLevel.REFERRAL).without_classes(),
    }.get(outcome)
    return Assessment(
        outcome=outcome,
        reasons={
            Outcome.RESULT: (),
            Outcome.RETAKE: (Reason.GLARE, Reason.MOTION),
            Outcome.NO_RESULT: (Reason.MODEL_UNSURE,),
            Outcome.DEVICE_FAULT: (Reason.CAMERA_FAULT,),
        }[outcome],
        frame=None,
        quality=QualityReport((Reason.GLARE,), {"sharpness": 12.25, "glare": float("inf")}, Window(3, 500, 3040)),
        prediction=prediction if outcome is Outcome.RESULT else None,
        withheld=new_prediction(LesionClass.NV) if outcome is Outcome.NO_RESULT else None,
        advice=advice,
        timings_ms={"capture": 80.125, "total": 350.0},
        assessed_at=at,
        provenance=Provenance("tiny", "ab" * 32, ENGINE, "0.2.0", "cd" * 20 + "+", "phantom", SETTINGS, 42),
        limits=(ScopeLimit.PALM_OR_SOLE, ScopeLimit.DARK_SKIN),
        fault="The camera is gone." if outcome is Outcome.DEVICE_FAULT else "",
        fault_code="C4" if outcome is Outcome.DEVICE_FAULT else "",
    )


def new_examination(
    code: str = "A-7",
    at: datetime = NOON,
    outcome: Outcome = Outcome.RESULT,
    level: AdviceLevel = AdviceLevel.URGENT_REFERRAL,
    lesion: Lesion | None = None,
    picture: bool = True,
    site: BodySite = BodySite.PALM,
) -> Examination:
    return Examination(
        id=ExaminationId(new_id()),
        visit_id=new_id(),
        patient=Patient(code, 61, Sex.OTHER, site, Side.LEFT, frozenset({ScopeLimit.DARK_SKIN})),
        lesion=lesion,
        operator_id=ANNA.id,
        consent=Consent.CARE,
        assessment=new_assessment(outcome, at, level),
        picture=Picture(MediaType.JPEG, 4056, 3040, at - timedelta(seconds=1), "phantom", True, SETTINGS)
        if picture
        else None,
    )


def new_lesion() -> Lesion:
    return Lesion(new_id(), BodySite.PALM, Side.LEFT, BodyPoint(BodyView.FRONT, 0.25, 0.5))


class Box:
    """A store that can be closed and opened again, as a kiosk that restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOON
        self.words = set_up(folder, ANNA, PIN, WEAK, clock=lambda: self.now)
        self.store, self.key = self.opened()

    def keys(self) -> tuple[DataKey, ...]:
        return Slots.read(self.folder).unlock(RECOVERY, self.words, None)

    def opened(self) -> tuple[Store, DataKey]:
        return open_store(self.folder, self.keys(), clock=lambda: self.now)

    def reopen(self) -> Store:
        self.store.close()
        self.store, self.key = self.opened()
        return self.store
