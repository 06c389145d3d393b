"""Risk outranks rank, and what is said of one prediction never disagrees with itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.labels import LesionClass
from edge_models.prediction import Engine, Prediction
from edge_models.triage import (
    BARS,
    REFERRED_FROM,
    Abstention,
    AdviceLevel,
    Ground,
    abstention,
    advise,
    kept,
    shown_classes,
)

AKIEC, BCC, BKL, DF, MEL, NV, VASC = LesionClass
PRESSING = list(AdviceLevel)


def decision(akiec: float = 0.1, bcc: float = 0.12, mel: float = 0.05, urgent: float = 0.2) -> Decision:
    picture = Thresholds({AKIEC: akiec, BCC: bcc, MEL: mel}, urgent, conformal=0.9)
    return Decision(picture, None, conformal_coverage=0.95, unsure_set_size=5)


def prediction(probabilities: dict[LesionClass, float], in_set: int = 1, *, context: bool = False) -> Prediction:
    total = sum(probabilities.values())
    full = {lesion: probabilities.get(lesion, 0.0) / total for lesion in LesionClass}
    ranked = sorted(full, key=lambda lesion: -full[lesion])
    engine = Engine("runtime", "cpu", 1)
    return Prediction(full, full, frozenset(ranked[:in_set]), 0.5, None, "m", engine, {}, (), context_used=context)


# small values and large ones alike, with ties, noughts and ones among them
share = st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 0.1), st.sampled_from([0.0, 0.01, 0.05, 0.5, 1.0]))
anything = st.builds(
    prediction,
    st.lists(share, min_size=7, max_size=7)
    .filter(lambda values: sum(values) > 1e-3)
    .map(lambda values: dict(zip(LesionClass, values, strict=True))),
    st.integers(1, 7),
)
any_decision = st.builds(decision, share, share, share, share)


@given(anything, any_decision)
def test_what_is_said_never_disagrees(what: Prediction, by: Decision) -> None:
    """The oracle is the rule in words, for thresholds in either order."""
    advice, p, at = advise(what, by), what.probabilities, by.picture
    named = {c for c in MALIGNANT if p[c] >= at.naming[c]} | ({MEL} if p[MEL] >= at.urgent else set())
    assert set(advice.named) == named
    assert (advice.level is AdviceLevel.URGENT_REFERRAL) == (p[MEL] >= at.urgent)
    assert (advice.level is AdviceLevel.ROUTINE) == (not named)
    assert set(advice.cannot_exclude) == what.prediction_set | named
    assert list(advice.cannot_exclude) == [c for c, _ in what.top(7) if c in advice.cannot_exclude]
    assert [ground.lesion for ground in advice.why] == list(advice.named)
    for ground in advice.why:
        assert ground.probability == p[ground.lesion] >= ground.threshold
        urgent = ground.level is AdviceLevel.URGENT_REFERRAL
        assert ground.threshold == (at.urgent if urgent else at.naming[ground.lesion])
    bars = dict(shown_classes(what, advice))
    assert named | {c for c, _ in what.top(BARS)} == set(bars)
    assert list(bars.items()) == [item for item in what.top(7) if item[0] in bars]
    assert 0.0 <= advice.malignant <= 1.0
    assert (advice.malignant >= REFERRED_FROM) == bool(named)
    assert advice.tells_of(what)


@given(anything, any_decision, st.sampled_from(MALIGNANT), st.floats(0.01, 1.0))
def test_more_of_a_malignant_class_never_takes_it_back(
    what: Prediction, by: Decision, lesion: LesionClass, more: float
) -> None:
    """Another class may leave the screen then: only melanoma's urgency is above the others."""
    raised = prediction({**what.probabilities, lesion: what.probabilities[lesion] + more})
    before, after = advise(what, by), advise(raised, by)
    assert (lesion in before.named) <= (lesion in after.named)
    if lesion is MEL and MEL in before.named:
        assert PRESSING.index(after.level) <= PRESSING.index(before.level)


def test_a_likely_naevus_does_not_hide_a_credible_melanoma() -> None:
    advice = advise(prediction({NV: 0.93, MEL: 0.07}), decision())
    assert (advice.level, advice.named) == (AdviceLevel.REFERRAL, (MEL,))
    assert advice.cannot_exclude == (NV, MEL), "though the prediction set holds the naevus alone"
    assert advice.why == (Ground(MEL, 0.07, 0.05, AdviceLevel.REFERRAL),)
    urgent = advise(prediction({NV: 0.75, MEL: 0.25}), decision())
    assert urgent.why == (Ground(MEL, 0.25, 0.2, AdviceLevel.URGENT_REFERRAL),)


def test_an_urgent_point_below_the_naming_one_names_melanoma() -> None:
    advice = advise(prediction({NV: 0.93, MEL: 0.07}), decision(mel=0.3, urgent=0.05))
    assert (advice.level, advice.named) == (AdviceLevel.URGENT_REFERRAL, (MEL,))
    assert advice.why[0].threshold == 0.05


def test_small_shares_below_every_threshold_name_nothing() -> None:
    """With mel 0.9 %, bcc 0.95 % and akiec 0.9 % the rule of a summed probability once said "urgent, melanoma"."""
    what = prediction({MEL: 0.009, BCC: 0.0095, AKIEC: 0.009, NV: 0.9725})
    advice = advise(what, decision(akiec=0.01, bcc=0.01, mel=0.01))
    assert (advice.level, advice.named, advice.why) == (AdviceLevel.ROUTINE, (), ())
    assert advice.cannot_exclude == (NV,)
    assert advice.malignant == pytest.approx(0.475)


def test_six_bars_at_most() -> None:
    what = prediction({BKL: 0.5, NV: 0.3, DF: 0.1, AKIEC: 0.04, BCC: 0.03, MEL: 0.03})
    advice = advise(what, decision(akiec=0.02, bcc=0.02, mel=0.02))
    assert [c for c, _ in shown_classes(what, advice)] == [BKL, NV, DF, AKIEC, BCC, MEL]


def test_known_of_the_patient_has_thresholds_of_its_own() -> None:
    both = replace(decision(mel=0.5), with_context=decision(mel=0.05).picture)
    shares = {NV: 0.9, MEL: 0.1}
    assert advise(prediction(shares), both).level is AdviceLevel.ROUTINE
    assert advise(prediction(shares, context=True), both).named == (MEL,)
    with pytest.raises(ValueError, match="no thresholds for a prediction with context"):
        advise(prediction(shares, context=True), decision())


def test_an_unsure_model_keeps_the_level_and_names_nothing() -> None:
    advice = advise(prediction({NV: 0.7, MEL: 0.3}), decision()).without_classes()
    assert advice.level is AdviceLevel.URGENT_REFERRAL
    assert (advice.named, advice.cannot_exclude, advice.why) == ((), (), ())
    with pytest.raises(ValueError, match="routine"):
        advise(prediction({NV: 1.0}), decision()).without_classes()


@pytest.mark.parametrize(
    "change",
    [
        {"level": AdviceLevel.ROUTINE},
        {"level": AdviceLevel.URGENT_REFERRAL},
        {"named": ()},
        {"named": (MEL, BCC)},
        {"cannot_exclude": (NV,)},
        {"why": ()},
        {"malignant": 0.4},
        {"level": AdviceLevel.ROUTINE, "named": (), "why": ()},
        {"named": (), "why": ()},
    ],
)
def test_impossible_advice_cannot_be_made(change: dict[str, Any]) -> None:
    advice = advise(prediction({NV: 0.9, MEL: 0.1}), decision())
    with pytest.raises(ValueError, match=r".+"):
        replace(advice, **change)


@pytest.mark.parametrize(
    ("lesion", "probability", "level"),
    [(NV, 0.9, AdviceLevel.REFERRAL), (MEL, 0.1, AdviceLevel.REFERRAL), (MEL, 0.9, AdviceLevel.ROUTINE)],
)
def test_impossible_grounds_cannot_be_made(lesion: LesionClass, probability: float, level: AdviceLevel) -> None:
    with pytest.raises(ValueError, match="a class is named because"):
        Ground(lesion, probability, 0.2, level)


def test_a_prediction_set_of_most_classes_is_unsure() -> None:
    flat = dict.fromkeys(LesionClass, 1.0)
    assert abstention(prediction(flat, in_set=5), decision()) is Abstention.MODEL_UNSURE
    assert abstention(prediction(flat, in_set=4), decision()) is None
    assert abstention(prediction(flat, in_set=4), replace(decision(), unsure_set_size=4)) is Abstention.MODEL_UNSURE


def test_what_is_no_lesion_gets_no_advice_and_an_unsure_model_does_not_reassure() -> None:
    referral, routine = (advise(prediction({NV: 1.0 - mel, MEL: mel}), decision()) for mel in (0.3, 0.01))
    assert kept(referral, None) == referral
    assert kept(referral, Abstention.MODEL_UNSURE) == referral.without_classes()
    assert kept(routine, Abstention.MODEL_UNSURE) is None
    strange = replace(prediction({MEL: 1.0}, in_set=7), unfamiliarity=1.1)
    assert abstention(strange, decision()) is Abstention.NOT_DERMATOSCOPIC
    assert kept(referral, Abstention.NOT_DERMATOSCOPIC) is None
