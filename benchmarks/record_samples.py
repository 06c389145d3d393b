"""Whole examinations with made-up patients: what the records' benchmark and the power cuts keep."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta

import numpy as np

from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import Advice, AdviceLevel, Ground
from kiosk.clinical.assessment import Assessment, Outcome, Provenance
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.examination import Consent, Examination, ExaminationId, MediaType, Picture
from kiosk.clinical.operator import Operator, Role
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.quality_report import QualityReport

ADMINISTRATOR = Operator("00000000000000ad", "Made up", Role.ADMINISTRATOR)
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
_ENGINE = Engine("ai-edge-litert 2.3.0", "cpu", 2)
_MEMBERS, _VIEWS = 3, 4


def examination(chance: random.Random, number: int, patients: int = 1000) -> Examination:
    """One examination, ten minutes after the one before.

    Args:
        chance: where everything but the time comes from.
        number: counts from 0.
        patients: how many codes there are.
    """
    at = START + timedelta(minutes=10 * number)
    likeliest = chance.choice(list(LesionClass))
    rest = 0.3 / (len(LesionClass) - 1)
    probabilities = {lesion: 0.7 if lesion is likeliest else rest for lesion in LesionClass}
    refers = likeliest.malignant
    level = AdviceLevel.REFERRAL if refers else AdviceLevel.ROUTINE
    advice = Advice(
        level=level,
        named=(likeliest,) if refers else (),
        cannot_exclude=(likeliest,),
        why=(Ground(likeliest, 0.7, 0.1, level),) if refers else (),
        malignant=0.9 if refers else 0.1,
    )
    prediction = Prediction(
        probabilities=probabilities,
        scores=probabilities,
        prediction_set=frozenset({likeliest}),
        unfamiliarity=chance.random(),
        activation_map=np.zeros((7, 7), np.float32),
        model_id="mobilenet-v2-ham10000-5",
        engine=_ENGINE,
        timings_ms={"preprocess": 80.0, "invoke": 150.0, "calibrate": 0.5},
        inferences_ms=((12.5,) * _VIEWS,) * _MEMBERS,
    )
    measures = {name: chance.random() for name in ("sharpness", "brightness", "glare", "motion")}
    return Examination(
        id=ExaminationId(f"{chance.getrandbits(128):032x}"),
        visit_id=f"{chance.getrandbits(128):032x}",
        patient=Patient(
            f"P-{chance.randrange(patients):06d}", chance.randrange(1, 100), Sex.FEMALE, chance.choice(list(BodySite))
        ),
        lesion=None,
        operator_id=ADMINISTRATOR.id,
        consent=Consent.CARE,
        assessment=Assessment(
            outcome=Outcome.RESULT,
            reasons=(),
            frame=None,
            quality=QualityReport((), measures),
            prediction=prediction,
            withheld=None,
            advice=advice,
            timings_ms={"capture": 100.0, "quality": 50.0, "total": 400.0},
            assessed_at=at,
            provenance=Provenance("mobilenet-v2-ham10000-5", "ab" * 32, _ENGINE, "0.2.0", "cd" * 20, "made up"),
        ),
        picture=Picture(MediaType.JPEG, 4056, 3040, at, "made up", simulated=True),
    )


def picture(examination_id: str, size: int) -> bytes:
    """Bytes that say whose picture they are."""
    block = hashlib.sha256(examination_id.encode()).digest()
    return (block * (size // len(block) + 1))[:size]
