"""What may be shown, and what may not: the pipeline's outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.disturb import Field, within
from edge_models.context import Context
from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.engine import Batches
from edge_models.errors import EngineFailed
from edge_models.field import find_window, seen
from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.preprocess import View
from edge_models.reduce import Spread
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.frame import CameraSettings, Frame
from kiosk.clinical.quality_report import Reason
from kiosk.clinical.scope import ScopeLimit
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.pipeline.quality import check

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENGINE = Engine("runtime", "cpu", 2)
DECISION = Decision(Thresholds(dict.fromkeys(MALIGNANT, 0.05), 0.15, 0.8), None, 0.95, 5)
MANIFEST = SimpleNamespace(model_id="m", digest="d" * 64, decision=DECISION, views=(View(),), input_sizes_px=(224,))


@dataclass
class FixedModel:
    """Says what it was made to say: these tests are about what the pipeline makes of it."""

    answer: Prediction | EngineFailed
    bundle: Any = field(default_factory=lambda: SimpleNamespace(manifest=MANIFEST))

    engine: Engine = ENGINE

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread) -> Batches:
        return [np.zeros((1, 224, 224, 3), np.int8)]

    def predict(self, batches: Batches, context: Context | None) -> Prediction:
        if isinstance(self.answer, EngineFailed):
            raise self.answer
        return self.answer


def prediction(melanoma: float = 0.02, in_set: int = 1, unfamiliarity: float = 0.5) -> Prediction:
    shares = dict.fromkeys(LesionClass, 0.01) | {LesionClass.MEL: melanoma}
    shares[LesionClass.NV] = 1.0 - sum(share for lesion, share in shares.items() if lesion is not LesionClass.NV)
    ranked = sorted(shares, key=lambda lesion: -shares[lesion])
    found = frozenset(ranked[:in_set])
    return Prediction(shares, shares, found, unfamiliarity, None, "m", ENGINE, {"invoke": 3.0}, ((1.5, 1.75),))


@pytest.fixture
def cores() -> Iterator[Cores]:
    with Cores() as entered:
        yield entered


@pytest.fixture
def lesion() -> Frame:
    """A sharp dark spot on textured skin: good enough for the gate."""
    rng = np.random.default_rng(7)
    skin = np.full((600, 800, 3), (205, 160, 140), np.float32)
    texture = cv2.GaussianBlur(rng.normal(0, 60, (600, 800)).astype(np.float32), (0, 0), 1.2)
    rgb = skin + texture[..., None]
    cv2.ellipse(rgb, (400, 300), (150, 110), 20, 0, 360, (95, 60, 45), -1, cv2.LINE_AA)
    rgb += texture[..., None] / 2
    return Frame(np.clip(rgb, 0, 255).astype(np.uint8), NOW, "test")


def test_a_good_picture_becomes_a_result(lesion: Frame, cores: Cores) -> None:
    assessment = assess(lesion, FixedModel(prediction()), cores, now=NOW)
    assert assessment.outcome is Outcome.RESULT
    assert assessment.reasons == ()
    assert assessment.advice is not None
    assert assessment.advice.level is AdviceLevel.ROUTINE
    assert list(assessment.timings_ms) == ["reduce", "quality", "preprocess", "overlap", "invoke", "total"]
    assert assessment.assessed_at == NOW


def test_gate_and_model_look_at_the_same_square_of_a_round_field(lesion: Frame, cores: Cores) -> None:
    given: list[NDArray[np.uint8]] = []

    class Watched(FixedModel):
        def prepare(self, rgb: NDArray[np.uint8], spread: Spread) -> Batches:
            given.append(rgb)
            return super().prepare(rgb, spread)

    rgb = within(lesion.rgb, Field(0.42, 0.02, 0.05, -0.03))
    assessment = assess(Frame(rgb, NOW, "test"), Watched(prediction()), cores, now=NOW)
    assert assessment.outcome is Outcome.RESULT
    assert assessment.quality is not None
    window = assessment.quality.window
    assert window == find_window(rgb)
    assert assessment.quality == check(rgb)
    np.testing.assert_array_equal(given[0], seen(rgb, window))
    assert assess(lesion, FixedModel(prediction()), cores, now=NOW).quality == check(lesion.rgb)


def test_a_black_picture_is_taken_again_and_never_classified(cores: Cores) -> None:
    black = Frame(np.zeros((480, 640, 3), np.uint8), NOW, "test")
    assessment = assess(black, FixedModel(EngineFailed("must not be asked")), cores, now=NOW)
    assert assessment.outcome is Outcome.RETAKE
    assert assessment.reasons
    assert assessment.prediction is None
    assert assessment.withheld is None
    assert "invoke" not in assessment.timings_ms


def test_what_overlaps_is_said_once(lesion: Frame, cores: Cores) -> None:
    timings = dict(assess(lesion, FixedModel(prediction()), cores, now=NOW).timings_ms)
    total, overlap = timings.pop("total"), timings.pop("overlap")
    del timings["invoke"]  # invented
    assert min(timings.values()) > 0.0
    assert sum(timings.values()) - overlap <= total
    assert 0.0 < overlap == pytest.approx(min(timings["quality"], timings["preprocess"]))


def test_an_unfamiliar_picture_has_no_result(lesion: Frame, cores: Cores) -> None:
    assessment = assess(lesion, FixedModel(prediction(melanoma=0.5, unfamiliarity=1.2)), cores, now=NOW)
    assert (assessment.outcome, assessment.reasons) == (Outcome.NO_RESULT, (Reason.NOT_DERMATOSCOPIC,))
    assert assessment.prediction is None
    assert assessment.advice is None, "of something that is no lesion nothing may be said"


def test_an_unsure_model_shows_no_classes_but_hides_no_melanoma(lesion: Frame, cores: Cores) -> None:
    vague = assess(lesion, FixedModel(prediction(melanoma=0.2, in_set=6)), cores, now=NOW)
    assert (vague.outcome, vague.reasons) == (Outcome.NO_RESULT, (Reason.MODEL_UNSURE,))
    assert vague.prediction is None
    assert vague.withheld is not None, "what the model said is kept, though not shown"
    assert vague.withheld.inferences_ms == ((1.5, 1.75),)
    assert vague.shown().withheld is None
    assert vague.shown().advice == vague.advice
    assert vague.advice is not None
    assert vague.advice.level is AdviceLevel.URGENT_REFERRAL
    assert (vague.advice.named, vague.advice.cannot_exclude, vague.advice.why) == ((), (), ())
    harmless = assess(lesion, FixedModel(prediction(melanoma=0.02, in_set=6)), cores, now=NOW)
    assert harmless.advice is None, "an unsure model may not reassure"


def test_a_failed_engine_is_a_device_fault_with_its_remedy(lesion: Frame, cores: Cores) -> None:
    broken = FixedModel(EngineFailed("The engine stopped", "Restart the kiosk"))
    assessment = assess(lesion, broken, cores, now=NOW, limits=(ScopeLimit.NAIL,))
    assert (assessment.outcome, assessment.reasons) == (Outcome.DEVICE_FAULT, (Reason.ENGINE_FAULT,))
    assert assessment.fault == "The engine stopped. Restart the kiosk."
    assert assessment.frame is lesion, "the picture is not lost"
    assert assessment.limits == (ScopeLimit.NAIL,)
    assert assessment.quality is not None
    assert {"reduce", "quality", "preprocess", "total"} <= set(assessment.timings_ms)


def test_every_outcome_says_what_it_was_made_with(lesion: Frame, cores: Cores) -> None:
    calibrated = replace(lesion, settings=CameraSettings(8000, 1.5, calibrated_on=date(2025, 12, 23)))
    black = replace(calibrated, rgb=np.zeros_like(lesion.rgb))
    outcomes = {
        assess(frame, FixedModel(said), cores, now=NOW): outcome
        for frame, said, outcome in (
            (calibrated, prediction(), Outcome.RESULT),
            (black, prediction(), Outcome.RETAKE),
            (calibrated, prediction(unfamiliarity=1.2), Outcome.NO_RESULT),
            (calibrated, EngineFailed("The engine stopped", "Restart"), Outcome.DEVICE_FAULT),
        )
    }
    for assessment, outcome in outcomes.items():
        assert assessment.outcome is outcome
        made_with = assessment.provenance
        assert (made_with.model_id, made_with.model_digest) == ("m", "d" * 64)
        assert (made_with.engine, made_with.camera) == (ENGINE, "test")
        assert made_with.camera_settings == calibrated.settings
        assert made_with.calibration_age_days == 10
        assert made_with.software_version


def test_without_the_gate_everything_is_classified_and_the_reasons_stay(cores: Cores) -> None:
    black = Frame(np.zeros((480, 640, 3), np.uint8), NOW, "test")
    assessment = assess(black, FixedModel(prediction(in_set=6, unfamiliarity=2.0)), cores, now=NOW, gate=False)
    assert assessment.outcome is Outcome.RESULT
    assert Reason.NOT_DERMATOSCOPIC in assessment.reasons
    assert assessment.quality is not None
    assert set(assessment.quality.reasons) <= set(assessment.reasons)


def test_an_impossible_assessment_cannot_be_made(lesion: Frame, cores: Cores) -> None:
    good = assess(lesion, FixedModel(prediction()), cores, now=NOW)
    other = assess(lesion, FixedModel(prediction(melanoma=0.3)), cores, now=NOW)
    impossible: list[dict[str, Any]] = [
        {"outcome": Outcome.RETAKE},  # would show classes with a picture that failed
        {"prediction": None},
        {"advice": None},
        {"advice": other.advice},  # of another prediction
        {"outcome": Outcome.NO_RESULT, "reasons": (Reason.MODEL_UNSURE,), "prediction": None},  # would name classes
        {"withheld": good.prediction},
        {"outcome": Outcome.NO_RESULT, "prediction": None, "reasons": ()},
        {"outcome": Outcome.DEVICE_FAULT, "prediction": None, "reasons": (Reason.CAMERA_FAULT,), "fault": ""},
        {"fault": "broken"},
        {"assessed_at": datetime(2026, 1, 2)},  # no zone
    ]
    for change in impossible:
        with pytest.raises(ValueError, match=r".+"):
            replace(good, **change)
    assert isinstance(good, Assessment)


def test_a_value_stays_as_it_was_made(lesion: Frame, cores: Cores) -> None:
    assessment = assess(lesion, FixedModel(prediction()), cores, now=NOW)
    assert assessment.quality is not None
    assert assessment.prediction is not None
    for mapping in (assessment.timings_ms, assessment.quality.measures, assessment.prediction.probabilities):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["other"] = 1.0  # type: ignore[index]  # what mypy forbids is tried
