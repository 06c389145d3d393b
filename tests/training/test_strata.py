"""Figures by skin tone, by proof and of squamous carcinoma, by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.dataset import CLASS_ORDER, Sample
from training.evaluate import lesion_figures
from training.judge import Judgements
from training.metrics import expected_calibration_error
from training.strata import error_at_own_prevalence, specificity_at, strata


def sample(number: int, label: LesionClass, tone: int | None = None, proof: str = "", finding: str = "") -> Sample:
    return Sample(
        f"I{number}", f"L{number}", label, Path(), confirmed_by=proof, skin_tone=tone, finding=finding, source="milk10k"
    )


def test_groups_are_by_tone_and_by_proof() -> None:
    samples = [sample(n, LesionClass.BCC if n < 5 else LesionClass.NV, tone=2, proof="histo") for n in range(10)]
    samples += [sample(n, LesionClass.NV, tone=5, proof="consensus") for n in range(10, 12)]
    risk = np.array([0.9] * 4 + [0.1] + [0.2] * 4 + [0.6] + [0.0] * 2)
    found = strata(samples, risk, risk >= 0.5)
    assert set(found) == {
        "skin tone 0 to 2 (darker)",
        "skin tone 4 and 5 (lighter)",
        "proven by histology",
        "known otherwise",
    }
    darker = found["skin tone 0 to 2 (darker)"]
    assert (darker["images"], darker["malignant"]) == (10, 5)
    assert darker["referral_sensitivity"] == pytest.approx(0.8)
    assert darker["referral_specificity"] == pytest.approx(0.8)
    assert darker["malignant_auc"] == pytest.approx(20 / 25)
    assert found["known otherwise"] == {"images": 2, "malignant": 0}, "too few for a figure"


def test_squamous_carcinoma_is_none_of_the_seven_but_malignant(judged: Callable[..., Judgements]) -> None:
    truth = [LesionClass.AKIEC, LesionClass.NV, LesionClass.BCC, LesionClass.MEL]
    samples = [sample(n, label, finding="scc" if n == 0 else "") for n, label in enumerate(truth)]
    p = np.zeros((4, 7))
    _, nv, bcc, mel = (CLASS_ORDER.index(label) for label in truth)
    p[0, [bcc, nv]], p[1, nv], p[2, bcc], p[3, mel] = [0.9, 0.1], 1.0, 1.0, 1.0  # the carcinoma is called another one
    figures = lesion_figures(judged(p), samples)
    assert figures["balanced_accuracy"] == 1.0
    assert set(figures["recall"]) == {"nv", "bcc", "mel"}
    assert figures["referral_sensitivity"] == 1.0
    risk = p[:, [lesion.malignant for lesion in CLASS_ORDER]].sum(axis=1)
    assert strata(samples, risk, risk >= 0.95)["squamous carcinoma"] == {"images": 1, "referral_sensitivity": 0.0}


def test_specificity_at_a_sensitivity_by_hand() -> None:
    risk = np.concatenate([np.linspace(0.05, 1.0, 20), [0.0, 0.05, 0.09, 0.2]])
    ill = np.arange(24) < 20
    # the threshold 0.1 keeps 19 of 20
    assert specificity_at(0.95, risk, ill) == pytest.approx(3 / 4)


def test_calibration_at_the_samples_own_prevalence() -> None:
    """Naevi and carcinomas half and half: probabilities for nine in ten naevi are wrong until they are turned."""
    samples = [sample(n, LesionClass.NV if n % 2 else LesionClass.BCC) for n in range(100)]
    prevalence = np.full(7, 1e-6)
    nv, bcc = (CLASS_ORDER.index(label) for label in (LesionClass.NV, LesionClass.BCC))
    prevalence[nv], prevalence[bcc] = 0.9, 0.1 - 5e-6
    p = np.tile(prevalence, (100, 1))  # a picture that says nothing
    target = np.array([s.target for s in samples])
    assert expected_calibration_error(p, target) == pytest.approx(0.4, abs=0.01)
    assert error_at_own_prevalence(p, samples, prevalence) == pytest.approx(0.0, abs=0.01)
