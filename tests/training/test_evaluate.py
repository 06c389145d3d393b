"""What is judged is what the kiosk would say: the same picture, changed as asked, with the same context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.classifier import Classifier
from edge_models.context import Context
from edge_models.labels import LesionClass
from edge_models.triage import advise
from training.dataset import CLASS_ORDER, Sample, read_rgb
from training.evaluate import lesion_figures
from training.judge import LEVELS, Judgements, judge, judge_both

TABLES = {
    "age_edges_years": [50.0],
    "age": [[0.0] * 7, [0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    "sex": {},
    "site": {},
}


def test_judgements_are_the_classifiers_own(tmp_path: Path, make_bundle: Callable[..., Path]) -> None:
    bundle = make_bundle({"context": TABLES})
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_NEAREST))
    contexts = [Context(70.0), Context(20.0), Context()]

    def upside_down(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.ascontiguousarray(rgb[::-1])

    plain, informed = judge_both(bundle, paths, contexts)
    changed = judge(bundle, paths, upside_down)
    with Classifier.open(bundle, engine="cpu", threads=1) as classifier:
        for number, (path, context) in enumerate(zip(paths, contexts, strict=True)):
            for judged, said in (
                (plain, classifier.classify(read_rgb(path))),
                (informed, classifier.classify(read_rgb(path), context)),
                (changed, classifier.classify(upside_down(read_rgb(path)))),
            ):
                expected = [said.probabilities[lesion] for lesion in CLASS_ORDER]
                np.testing.assert_allclose(judged.probabilities[number], expected)
                np.testing.assert_allclose(judged.scores[number].sum(), 1.0)
                advice = advise(said, classifier.bundle.manifest.decision)
                assert judged.malignant[number] == advice.malignant
                if judged.unfamiliarity[number] <= 1.0 and not judged.unsure[number]:
                    assert LEVELS[judged.level[number]] is advice.level
                    assert {CLASS_ORDER[at] for at in np.flatnonzero(judged.named[number])} == set(advice.named)
                assert set(np.flatnonzero(judged.sets[number])) == {CLASS_ORDER.index(c) for c in said.prediction_set}
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    with_age = informed.probabilities[:, melanoma]
    assert with_age[0] > plain.probabilities[0, melanoma]  # class 1 of the manifest is mel
    np.testing.assert_allclose(with_age[1:], plain.probabilities[1:, melanoma])


def test_figures_by_hand(judged: Callable[..., Judgements]) -> None:
    """Two melanomas, the one named, the other in urgency; a naevus that is referred, and one that is no lesion."""
    truth = [LesionClass.MEL, LesionClass.MEL, LesionClass.NV, LesionClass.NV]
    samples = [Sample(f"I{number}", f"L{number}", label, Path()) for number, label in enumerate(truth)]
    mel, nv, bkl = (CLASS_ORDER.index(label) for label in (LesionClass.MEL, LesionClass.NV, LesionClass.BKL))
    p = np.zeros((4, 7))
    p[:, mel], p[:, nv], p[:, bkl] = [0.2, 0.9, 0.4, 0.3], [0.5, 0.1, 0.4, 0.7], [0.3, 0.0, 0.2, 0.0]
    figures = lesion_figures(judged(p, [0.5, 0.5, 0.5, 1.5]), samples)
    assert figures["referral_sensitivity"] == 1.0
    assert figures["referral_specificity"] == 0.5, "of what is no lesion nothing is said"
    assert figures["melanoma_sensitivity"] == 1.0
    assert figures["melanoma_specificity"] == 0.5
    assert figures["urgent_sensitivity"] == 0.5
    assert figures["urgent_specificity"] == 1.0
    assert figures["malignant_auc"] == figures["evidence_auc"] == pytest.approx(0.5)
    assert figures["top3_accuracy"] == 1.0
    assert figures["conformal_coverage"] == pytest.approx(0.75)
    assert figures["conformal_mean_size"] == pytest.approx(1.75)
    assert figures["refused_as_unfamiliar"] == 0.25
    assert figures["unsure"] == 0.0
    assert figures["lesions"] == 4
