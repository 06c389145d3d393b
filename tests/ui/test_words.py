"""What the Result screen says: never a class without a prediction, always what to do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.decision import Decision, Thresholds
from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import advise
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.clinical.assessment import Assessment, Outcome, Provenance
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.quality_report import Reason
from kiosk.clinical.scope import TOLD_BY_OPERATOR
from kiosk.text import percent, text
from kiosk.ui.screens import capture, result, start

AKIEC, BCC, BKL, DF, MEL, NV, VASC = LesionClass
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DECISION = Decision(Thresholds({AKIEC: 0.02, BCC: 0.025, MEL: 0.03}, 0.2, 0.9), None, 0.95, 5)
# a device's fault speaks for itself: its two reasons have no words of their own
OF_PICTURES = [reason for reason in Reason if reason not in (Reason.CAMERA_FAULT, Reason.ENGINE_FAULT)]
REASONS = st.lists(st.sampled_from(OF_PICTURES), min_size=1, unique=True).map(tuple)


def assessment(outcome: Outcome, **fields: Any) -> Assessment:
    plain: dict[str, Any] = {
        "reasons": (),
        "frame": None,
        "quality": None,
        "prediction": None,
        "withheld": None,
        "advice": None,
        "timings_ms": {"total": 1234.0},
        "assessed_at": NOW,
        "provenance": Provenance("model-7", "d" * 64, Engine("test", "cpu", 1), "0.2.0", "", "test"),
    }
    return Assessment(outcome=outcome, **{**plain, **fields})


def prediction(probabilities: dict[LesionClass, float], note: str = "") -> Prediction:
    rest = (1.0 - sum(probabilities.values())) / max(len(LesionClass) - len(probabilities), 1)
    everything = {lesion: probabilities.get(lesion, rest) for lesion in LesionClass}
    engine = Engine("test", "cpu", 1, note)
    return Prediction(everything, everything, frozenset(probabilities), 0.5, None, "model-7", engine, {})


def result_of(probabilities: dict[LesionClass, float], note: str = "") -> dict[str, Any]:
    """What the screen says of a prediction, by the rule."""
    predicted = prediction(probabilities, note)
    return result.describe(assessment(Outcome.RESULT, prediction=predicted, advice=advise(predicted, DECISION)))


@given(
    outcome=st.sampled_from([o for o in Outcome if o is not Outcome.RESULT]),
    reasons=REASONS,
    melanoma=st.floats(0.03, 1.0),
)
def test_without_a_prediction_no_class_is_named(outcome: Outcome, reasons: tuple[Reason, ...], melanoma: float) -> None:
    advice = advise(prediction({MEL: melanoma}), DECISION).without_classes()
    kept = advice if outcome is Outcome.NO_RESULT else None
    fault = "It broke. Mend it." if outcome is Outcome.DEVICE_FAULT else ""
    said = json.dumps(result.describe(assessment(outcome, reasons=reasons, advice=kept, fault=fault)))
    assert not [lesion for lesion in LesionClass if lesion.full_name in said]
    assert "model-7" not in said


@given(reasons=REASONS)
def test_a_retake_says_for_every_reason_what_to_do(reasons: tuple[Reason, ...]) -> None:
    said: Any = result.describe(assessment(Outcome.RETAKE, reasons=reasons))
    assert [line["do"] for line in said["reasons"]] == [text(f"reason.{reason}.do") for reason in reasons]
    assert said["primary"] == "retake"
    assert said["bars"] == []


@pytest.mark.parametrize(("melanoma", "level"), [(0.3, "urgent_referral"), (0.1, "referral")])
def test_an_unsure_model_still_refers(melanoma: float, level: str) -> None:
    advice = advise(prediction({MEL: melanoma}), DECISION).without_classes()
    said: Any = result.describe(assessment(Outcome.NO_RESULT, reasons=(Reason.MODEL_UNSURE,), advice=advice))
    assert said["band"]["level"] == level
    assert said["band"]["detail"] == text(f"advice.{level}.unsure")


def test_a_fault_says_what_the_error_said() -> None:
    said: Any = result.describe(
        assessment(Outcome.DEVICE_FAULT, reasons=(Reason.CAMERA_FAULT,), fault="The camera is gone. Plug it in.")
    )
    assert said["band"]["detail"] == "The camera is gone. Plug it in."


def test_a_result_names_three_classes_what_is_not_excluded_and_which_model() -> None:
    said = result_of({NV: 0.6, MEL: 0.3, BKL: 0.0904}, "the CPU stood in")
    assert [(bar["name"], bar["label"], bar["malignant"]) for bar in said["bars"]] == [
        ("Naevus", "60 %", False),
        ("Melanoma", "30 %", True),
        ("Benign keratosis", "9 %", False),
    ]
    assert said["band"]["title"] == text("advice.urgent_referral.title")
    assert "Melanoma" in said["band"]["detail"]
    notes = {note["kind"]: note["text"] for note in said["notes"]}
    assert [(bar["tag"], bar["why"]) for bar in said["bars"]] == [
        ("", ""),
        ("this kiosk refers urgently from 20 %", "Melanoma 30 %: this kiosk refers urgently from 20 %"),
        ("", ""),
    ]
    assert notes["set"] == text("result.not_excluded", lesions="Naevus, Melanoma, Benign keratosis")
    assert notes["engine"] == "The CPU stood in"
    assert said["meta"][0] == "model-7"
    assert said["meta"][-1] == "1.2 s"


def test_a_named_class_has_its_bar_and_its_reason_though_others_are_likelier() -> None:
    said = result_of({BKL: 0.6, NV: 0.25, DF: 0.08, MEL: 0.034, BCC: 0.026})
    assert [bar["name"] for bar in said["bars"]][3:] == ["Melanoma", "Basal cell carcinoma"]
    assert said["band"]["level"] == "referral"
    assert said["band"]["detail"].startswith("Possible: Melanoma, Basal cell carcinoma.")
    assert [bar["why"] for bar in said["bars"] if bar["why"]] == [
        "Melanoma 3 %: this kiosk refers from 3 %",
        "Basal cell carcinoma 3 %: this kiosk refers from 2 %",
    ]
    (not_excluded,) = [note["text"] for note in said["notes"] if note["kind"] == "set"]
    assert "Melanoma, Basal cell carcinoma" in not_excluded


def test_no_referral_is_no_reassurance() -> None:
    said = result_of({NV: 0.97})
    assert said["band"]["level"] == "routine"
    assert "does not rule out melanoma" in said["band"]["detail"]
    assert [note["kind"] for note in said["notes"]] == ["set", "watch", "again"]
    assert "Look again in" in said["notes"][-1]["text"]


@given(st.lists(st.floats(0.0, 1.0), min_size=7, max_size=7).filter(lambda values: sum(values) > 0.01))
def test_no_percentage_is_nought_or_a_hundred(values: list[float]) -> None:
    shares = {lesion: value / sum(values) for lesion, value in zip(LesionClass, values, strict=True)}
    said = json.dumps(result_of(shares))
    assert not re.search(r"(?<![0-9])(0|100) ?%", said)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "< 1 %"),
        (0.004, "< 1 %"),
        (0.006, "1 %"),
        (0.5, "50 %"),
        (0.994, "99 %"),
        (0.996, "> 99 %"),
        (1.0, "> 99 %"),
    ],
)
def test_a_percentage_in_words(share: float, words: str) -> None:
    assert percent(share) == words


def test_a_simulated_picture_is_called_so() -> None:
    with PhantomCamera(device=SimulatedDevice("phantom camera", 25.0)) as phantom:
        frame = phantom.preview()
    said: Any = result.describe(assessment(Outcome.RETAKE, reasons=(Reason.TOO_DARK,), frame=frame))
    assert [note["kind"] for note in said["notes"]] == ["simulated"]
    real = replace(frame, simulated=False)
    said = result.describe(assessment(Outcome.RETAKE, reasons=(Reason.TOO_DARK,), frame=real))
    assert said["notes"] == []


def test_every_reason_of_a_preview_has_a_hint() -> None:
    hinted = {reason for reasons in capture.HINTS.values() for reason in reasons}
    after_capture = {Reason.NOT_DERMATOSCOPIC, Reason.MODEL_UNSURE, Reason.CAMERA_FAULT, Reason.ENGINE_FAULT}
    assert hinted == set(Reason) - after_capture


PATIENTS = st.sampled_from([None, *BodySite]).flatmap(
    lambda site: st.builds(
        Patient,
        st.text("ABCXYZ0189-", max_size=16),
        st.none() | st.integers(0, 120),
        st.none() | st.sampled_from(Sex),
        st.just(site),
        st.sampled_from([None, *(site.sides if site else ())]),
        st.frozensets(st.sampled_from(TOLD_BY_OPERATOR)),
    )
)


@given(PATIENTS)
def test_what_was_entered_is_read(patient: Patient) -> None:
    tap = {
        "name": "continue",
        "code": patient.code,
        "age": "" if patient.age_years is None else str(patient.age_years),
        "sex": patient.sex or "",
        "site": patient.site.code if patient.site else "",
        "side": patient.side or "",
        "told": sorted(patient.told),
    }
    assert start.read(tap) == patient
    assert start.summary(patient)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=4)


@given(st.dictionaries(st.sampled_from(["name", "code", "age", "sex", "site", "side", "told"]), JSON))
def test_whatever_a_browser_sends_is_a_patient_or_nothing(tap: dict[str, Any]) -> None:
    read = start.read(tap)
    assert read is None or isinstance(read, Patient)


@pytest.mark.parametrize(
    "tap",
    [
        {"code": "Jane Doe"},
        {"age": "121"},
        {"age": "-1"},
        {"sex": "none"},
        {"site": "moon"},
        {"code": 7},
        {"side": "left"},
        {"told": ["nail"]},
    ],
)
def test_what_the_screen_cannot_send_is_refused(tap: dict[str, Any]) -> None:
    assert start.read(tap) is None
