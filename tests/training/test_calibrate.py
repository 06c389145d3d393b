from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.bundle import Decision
from edge_models.classifier import calibrate, log_softmax, softmax
from training.calibrate import (
    assured_threshold,
    cross_fitted,
    fit_decision,
    fit_probabilities,
    prevalence_of,
    source_odds,
    strictest,
)
from training.dataset import CLASS_ORDER
from training.metrics import expected_calibration_error

PREVALENCE = np.array([0.05, 0.08, 0.12, 0.03, 0.1, 0.6, 0.02])


def overconfident(count: int, temperature: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
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

    def loss(slope: float, bias: np.ndarray) -> float:
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


def test_decisions_hold_on_the_cases_they_were_fitted_on() -> None:
    log_p, labels = overconfident(3000, 1.0, 5)
    p = softmax(log_p + np.log(PREVALENCE))
    decision = fit_decision(p, labels)
    malignant = np.array([lesion.malignant for lesion in CLASS_ORDER])
    risk = p[:, malignant].sum(axis=1)
    assert np.mean(risk[malignant[labels]] >= decision.referral_threshold) >= 0.95
    melanoma = [lesion.code for lesion in CLASS_ORDER].index("mel")
    assert np.mean(p[labels == melanoma, melanoma] >= decision.melanoma_threshold) >= 0.90
    assert np.mean(1.0 - p[np.arange(3000), labels] <= decision.conformal_threshold) >= 0.95


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
    chosen = strictest([Decision(0.2, 0.1, 0.95, 0.8), Decision(0.3, 0.05, 0.95, 0.9)])
    assert chosen == Decision(0.2, 0.05, 0.95, 0.9)


def test_a_class_that_a_source_lacks_keeps_a_little_prevalence() -> None:
    shares = prevalence_of(np.array([0, 0, 1]))
    assert shares.sum() == pytest.approx(1.0)
    assert shares[6] > 0.0
    assert shares[0] == pytest.approx(4 * shares[2])
