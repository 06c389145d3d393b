"""Risk outranks rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.bundle import Decision
from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import UNSURE_SET_SIZE, Advice, AdviceLevel, advise, is_unsure

DECISION = Decision(referral_threshold=0.3, melanoma_threshold=0.15, conformal_coverage=0.95, conformal_threshold=0.8)
MALIGNANT = [lesion for lesion in LesionClass if lesion.malignant]


def prediction(probabilities: dict[LesionClass, float], in_set: int = 1) -> Prediction:
    total = sum(probabilities.values())
    full = {lesion: probabilities.get(lesion, 0.0) / total for lesion in LesionClass}
    ranked = sorted(full, key=lambda lesion: -full[lesion])
    return Prediction(full, full, frozenset(ranked[:in_set]), 0.5, None, "model", Engine("runtime", "cpu", 1), {})


anything = st.lists(st.floats(0.001, 1.0), min_size=7, max_size=7).map(
    lambda values: prediction(dict(zip(LesionClass, values, strict=True)))
)


@given(anything)
def test_a_credible_malignancy_is_never_routine(what: Prediction) -> None:
    p = what.probabilities
    credible = (
        what.top(1)[0][0].malignant
        or p[LesionClass.MEL] >= DECISION.melanoma_threshold
        or sum(p[lesion] for lesion in MALIGNANT) >= DECISION.referral_threshold
    )
    advice = advise(what, DECISION)
    assert (advice.level is not AdviceLevel.ROUTINE) == credible
    assert all(lesion.malignant for lesion in advice.lesions)
    assert (advice.level is AdviceLevel.URGENT_REFERRAL) == (LesionClass.MEL in advice.lesions)


@given(anything)
def test_more_melanoma_never_lowers_the_advice(what: Prediction) -> None:
    pressing = list(AdviceLevel)
    more = prediction({**what.probabilities, LesionClass.MEL: what.probabilities[LesionClass.MEL] + 0.3})
    assert pressing.index(advise(more, DECISION).level) <= pressing.index(advise(what, DECISION).level)


def test_a_likely_naevus_does_not_hide_a_credible_melanoma() -> None:
    advice = advise(prediction({LesionClass.NV: 0.8, LesionClass.MEL: 0.2}), DECISION)
    assert advice == Advice(AdviceLevel.URGENT_REFERRAL, (LesionClass.MEL,))


def test_many_small_malignant_shares_add_up() -> None:
    what = prediction(
        {
            LesionClass.BKL: 0.66,
            LesionClass.BCC: 0.14,
            LesionClass.AKIEC: 0.12,
            LesionClass.MEL: 0.05,
            LesionClass.NV: 0.03,
        }
    )
    assert advise(what, DECISION) == Advice(AdviceLevel.REFERRAL, (LesionClass.BCC, LesionClass.AKIEC))


def test_a_plain_naevus_is_routine() -> None:
    assert advise(prediction({LesionClass.NV: 0.97, LesionClass.MEL: 0.03}), DECISION).level is AdviceLevel.ROUTINE


@pytest.mark.parametrize(("level", "lesions"), [(AdviceLevel.ROUTINE, (LesionClass.MEL,)), (AdviceLevel.REFERRAL, ())])
def test_impossible_advice_cannot_be_made(level: AdviceLevel, lesions: tuple[LesionClass, ...]) -> None:
    with pytest.raises(ValueError, match="names"):
        Advice(level, lesions)


def test_a_prediction_set_of_most_classes_is_unsure() -> None:
    flat = dict.fromkeys(LesionClass, 1.0)
    assert is_unsure(prediction(flat, in_set=UNSURE_SET_SIZE))
    assert not is_unsure(prediction(flat, in_set=UNSURE_SET_SIZE - 1))
