from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_models.classifier import calibrate, log_softmax, softmax
from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.labels import LesionClass
from training.calibrate import (
    CONFORMAL_COVERAGE,
    UNSURE_SET_SIZE,
    assured_limit,
    assured_threshold,
    cross_fitted,
    fit_decision,
    fit_probabilities,
    fit_thresholds,
    prevalence_of,
    source_odds,
    strictest,
)
from training.dataset import CLASS_ORDER
from training.metrics import expected_calibration_error

PREVALENCE = np.array([0.05, 0.08, 0.12, 0.03, 0.1, 0.6, 0.02])


def overconfident(count: int, temperature: float, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Log-softmax values, free of the prior, that are `temperature` times too sure, and labels drawn from the truth."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 2.0, (count, 7))
    true = softmax(logits + np.log(PREVALENCE))
    labels = np.array([rng.choice(7, p=row) for row in true])
    too_sure = logits * temperature
    return too_sure - np.log(np.exp(too_sure).sum(axis=1, keepdims=True)), labels


def test_the_temperature_and_prior_that_made_the_data_are_found() -> None:
    log_p, labels = overconfident(6000, 2.5, 1)
    prevalence = np.bincount(labels, minlength=7) / len(labels)
    fitted = fit_probabilities(log_p, labels, prevalence)
    assert fitted.temperature == pytest.approx(2.5, rel=0.05)
    probabilities = calibrate(log_p, fitted)
    assert expected_calibration_error(probabilities, labels) < 0.02
    np.testing.assert_allclose(probabilities.mean(axis=0), prevalence, atol=0.005)


def test_the_fit_is_a_minimum_of_the_penalised_likelihood() -> None:
    """The oracle is the definition: no small step away from the solution is better."""
    log_p, labels = overconfident(300, 1.5, 2)
    fitted = fit_probabilities(log_p, labels, PREVALENCE)

    def loss(slope: float, bias: NDArray[np.float64]) -> float:
        p = softmax(slope * log_p + bias)
        return float(-np.log(p[np.arange(300), labels]).sum() + 2.0 * ((bias - np.log(PREVALENCE)) ** 2).sum())

    slope, bias = 1.0 / fitted.temperature, np.array(fitted.class_bias)
    best = loss(slope, bias)
    for step in (-1e-3, 1e-3):
        assert loss(slope + step, bias) > best
        for index in range(7):
            assert loss(slope, bias + step * np.eye(7)[index]) > best


def test_a_class_that_calibration_never_saw_keeps_its_prior() -> None:
    log_p, labels = overconfident(500, 1.0, 3)
    seen = labels != 6
    fitted = fit_probabilities(log_p[seen], labels[seen], PREVALENCE)
    assert np.isfinite(fitted.class_bias).all()
    assert abs(fitted.class_bias[6] - np.log(PREVALENCE[6])) < 2.0


def test_evidence_that_says_nothing_leaves_the_prior() -> None:
    rng = np.random.default_rng(7)
    log_p = np.log(rng.dirichlet(np.ones(7), 200))
    fitted = fit_probabilities(log_p, rng.choice(7, 200, p=PREVALENCE / PREVALENCE.sum()), PREVALENCE)
    assert fitted.temperature > 3.0
    np.testing.assert_allclose(calibrate(log_p, fitted).mean(axis=0), PREVALENCE, atol=0.05)


@given(values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=200), share=st.floats(0.5, 0.99))
def test_more_assurance_never_raises_the_threshold(values: list[float], share: float) -> None:
    thresholds = [assured_threshold(np.array(values), share, confidence) for confidence in (0.5, 0.7, 0.9, 0.99)]
    assert thresholds == sorted(thresholds, reverse=True)


def test_the_share_is_reached_in_as_many_calibration_sets_as_assured() -> None:
    """Oracle: of Beta(2, 1), whose distribution function is x², a share of 1 - t² lies above a threshold t."""
    rng = np.random.default_rng(6)
    reached = [1.0 - assured_threshold(rng.beta(2, 1, 100), 0.9, 0.7) ** 2 >= 0.9 for _ in range(2000)]
    assert 0.68 <= np.mean(reached) <= 0.82  # the binomial has steps: a tenth around here


@pytest.mark.parametrize(("count", "place"), [(22, 0), (45, 1), (197, 6), (5000, 230)])
def test_the_place_is_the_binomial_tables(count: int, place: int) -> None:
    """Of P(Binomial(count, 0.05) ≥ place) ≥ 0.9 the largest place, from a table."""
    assert assured_threshold(np.arange(1.0, count + 1), 0.95, 0.9) == place


def test_too_few_cases_assure_nothing() -> None:
    assert assured_threshold(np.array([0.6, 0.7, 0.8]), 0.95, 0.9) == 0.0


def test_a_lesion_never_sees_a_fit_to_itself() -> None:
    log_p, labels = overconfident(400, 1.5, 8)
    lesions = [f"L{number // 2}" for number in range(400)]
    before = cross_fitted(log_p, labels, PREVALENCE, lesions)
    np.testing.assert_allclose(before.sum(axis=1), 1.0)
    labels[:2] = (labels[:2] + 1) % 7
    after = cross_fitted(log_p, labels, PREVALENCE, lesions)
    np.testing.assert_array_equal(after[:2], before[:2])
    assert (after[2:] != before[2:]).any()


@given(values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=200), share=st.floats(0.5, 0.99))
def test_a_limit_is_a_threshold_from_the_other_end(values: list[float], share: float) -> None:
    many = np.array(values)
    limit, place = assured_limit(many, share), int(np.sum(many >= assured_limit(many, share)))
    assert place <= len(many) - np.sum(many < limit)
    mirrored = assured_threshold(1.0 - many, share)
    if mirrored > 0.0:
        assert limit == pytest.approx(1.0 - mirrored, abs=1e-12)
    assert np.mean(many < limit) >= share - 1e-9 or limit == 1.0


def test_too_few_cases_are_never_urgent() -> None:
    assert assured_limit(np.array([0.1, 0.2, 0.3]), 0.90) == 1.0


def test_decisions_hold_on_the_cases_they_were_fitted_on() -> None:
    log_p, labels = overconfident(3000, 1.0, 5)
    p = softmax(log_p + np.log(PREVALENCE))
    decision = fit_decision((p, labels), (p[::2], labels[::2]), PREVALENCE)
    assert decision.unsure_set_size == UNSURE_SET_SIZE
    assert decision.with_context is not None
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    malignant = [CLASS_ORDER.index(lesion) for lesion in MALIGNANT]
    for at, said, truth in ((decision.picture, p, labels), (decision.with_context, p[::2], labels[::2])):
        naming = np.array([at.naming[lesion] for lesion in MALIGNANT])
        referred = (said[:, malignant] >= naming).any(axis=1)
        assert np.mean(referred[np.isin(truth, malignant)]) >= 0.95
        assert np.mean(said[truth != melanoma, melanoma] < at.urgent) >= 0.90
        assert np.mean(1.0 - said[np.arange(len(truth)), truth] <= at.conformal) >= 0.95
        np.testing.assert_allclose(naming / naming[0], np.sqrt(PREVALENCE[malignant] / PREVALENCE[malignant][0]))


def test_cases_of_no_patient_promise_nothing() -> None:
    nothing = fit_thresholds(np.empty((0, 7)), np.empty(0, np.int64), PREVALENCE)
    assert (set(nothing.naming.values()), nothing.urgent, nothing.conformal) == ({0.0}, 1.0, 1.0)


def test_what_is_known_of_the_patient_counts_in_every_fold() -> None:
    log_p, labels = overconfident(400, 1.5, 8)
    lesions = [f"L{number}" for number in range(400)]
    added = np.zeros((400, 7))
    added[::2, 0] = 2.0
    plain = cross_fitted(log_p, labels, PREVALENCE, lesions)
    informed = cross_fitted(log_p, labels, PREVALENCE, lesions, added)
    np.testing.assert_array_equal(informed[1::2], plain[1::2])
    odds = [p[::2, 0] / p[::2, 1] for p in (informed, plain)]
    np.testing.assert_allclose(np.log(odds[0] / odds[1]), 2.0)


def test_several_sources_share_one_temperature_whatever_is_common_in_each() -> None:
    rng = np.random.default_rng(11)
    home, away = np.array([0.05, 0.05, 0.05, 0.05, 0.05, 0.7, 0.05]), np.array([0.1, 0.5, 0.1, 0.1, 0.1, 0.05, 0.05])
    target = np.concatenate([rng.choice(7, 3000, p=home), rng.choice(7, 3000, p=away)])
    sources = ["ham10000"] * 3000 + ["milk10k"] * 3000
    evidence = rng.normal(0.0, 1.0, (6000, 7)) + 2.0 * np.eye(7)[target]  # log-likelihood ratios are twice the evidence
    odds = source_odds(sources, {"ham10000": target[:3000], "milk10k": target[3000:]}, "ham10000")
    prevalence = prevalence_of(target[:3000])
    fitted = fit_probabilities(log_softmax(evidence), target, prevalence, odds)
    assert fitted.temperature == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(
        fitted.class_bias - np.log(prevalence), np.mean(fitted.class_bias - np.log(prevalence)), atol=0.3
    )
    blind = fit_probabilities(log_softmax(evidence), target, prevalence)
    naevus = calibrate(log_softmax(evidence[:3000]), fitted)[:, 5].mean()
    assert naevus == pytest.approx(0.7, abs=0.03)
    assert calibrate(log_softmax(evidence[:3000]), blind)[:, 5].mean() < 0.65


def test_the_strictest_thresholds_hold_in_every_source() -> None:
    def thresholds(melanoma: float, others: float, urgent: float, conformal: float) -> Thresholds:
        naming = dict.fromkeys(MALIGNANT, others) | {LesionClass.MEL: melanoma}
        return Thresholds(naming, urgent, conformal)

    promised = (CONFORMAL_COVERAGE, UNSURE_SET_SIZE)
    one = Decision(thresholds(0.1, 0.3, 0.4, 0.8), thresholds(0.2, 0.2, 0.5, 0.9), *promised)
    other = Decision(
        thresholds(0.2, 0.2, 0.6, 0.7), thresholds(0.1, 0.1, 0.1, 0.5), CONFORMAL_COVERAGE, UNSURE_SET_SIZE
    )
    together = Decision(thresholds(0.9, 0.9, 0.9, 0.6), thresholds(0.9, 0.9, 0.9, 0.7), *promised)
    chosen = strictest([one, other], together)
    assert chosen.picture == thresholds(0.1, 0.2, 0.6, 0.6)
    assert chosen.with_context == thresholds(0.1, 0.1, 0.5, 0.7)


def test_a_class_that_a_source_lacks_keeps_a_little_prevalence() -> None:
    shares = prevalence_of(np.array([0, 0, 1]))
    assert shares.sum() == pytest.approx(1.0)
    assert shares[6] > 0.0
    assert shares[0] == pytest.approx(4 * shares[2])
