"""The fits that a bundle holds, made anew from lesions drawn with replacement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import log_softmax
from edge_models.context import Context
from training.dataset import CLASS_ORDER, Sample, targets
from training.seeds import SEEDS, outcomes, redrawn, to_rows
from training.split import Part


def samples(count: int, seed: int) -> list[Sample]:
    """Two images a lesion, of two sources."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        label = CLASS_ORDER[int(rng.choice(len(CLASS_ORDER), p=[0.1, 0.1, 0.2, 0.05, 0.2, 0.3, 0.05]))]
        source = "ham10000" if number % 2 else "milk10k"
        lesion = f"{seed}-{number}"
        context = Context(float(rng.integers(20, 80)), "male", "back")
        found += [Sample(f"{lesion}-{n}", lesion, label, Path(), context, source=source) for n in range(2)]
    return found


def evidence(some: list[Sample], seed: int) -> NDArray[np.float64]:
    """Log-softmax that is right more often than not."""
    logits = np.random.default_rng(seed).normal(size=(len(some), len(CLASS_ORDER)))
    logits[np.arange(len(some)), targets(some)] += 2.5
    return log_softmax(logits)


def test_lesions_are_drawn_whole() -> None:
    some = samples(30, 1)
    drawn = redrawn(some, 1)
    ids = [some[place].image_id for place in drawn]
    lesions = [some[place].lesion_id for place in drawn]
    assert len(drawn) == len(some)
    assert len(set(lesions)) < 30
    for lesion in set(lesions):
        assert ids.count(f"{lesion}-0") == ids.count(f"{lesion}-1") == lesions.count(lesion) / 2
    assert drawn.tolist() == redrawn(some, 1).tolist() != redrawn(some, 2).tolist()


def test_every_source_is_judged_for_every_draw() -> None:
    parts = {Part.TRAIN: samples(100, 2), Part.CALIBRATION: samples(150, 3), Part.VALIDATION: samples(60, 4)}
    found = list(outcomes(evidence(parts[Part.CALIBRATION], 5), evidence(parts[Part.VALIDATION], 6), parts))
    assert [(each.source, each.seed) for each in found] == [
        (source, seed) for seed in (None, *SEEDS) for source in ("milk10k", "ham10000")
    ]
    for source in ("milk10k", "ham10000"):
        mine = [each for each in found if each.source == source]
        assert len({each[2:] for each in mine}) > 1
        assert all(each.balanced_accuracy > 0.5 and each.referral_sensitivity > 0.8 for each in mine)
    assert [len(row) for row in to_rows(found)] == [6] * (1 + len(found))
