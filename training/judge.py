"""Pictures judged through the very classifier and the very rule that the kiosk runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import Classifier
from edge_models.context import Context
from edge_models.decision import Decision
from edge_models.prediction import Prediction
from edge_models.triage import Abstention, AdviceLevel, abstention, advise, kept
from training.dataset import CLASS_ORDER, read_rgb
from training.progress import shown

LEVELS = tuple(AdviceLevel)
URGENT, REFERRAL, ROUTINE = range(len(LEVELS))
"""Places of the levels, most pressing first: up to `REFERRAL` the operator reads that the patient is to be referred."""
NO_ADVICE = len(LEVELS)


class Judgements(NamedTuple):
    """What a classifier said of N pictures, and what the operator is told of them; classes in `CLASS_ORDER`.

    Attributes:
        probabilities: float64[N, 7].
        scores: float64[N, 7].
        sets: bool[N, 7], the conformal sets.
        unfamiliarity: float64[N].
        malignant: float64[N], the evidence that a referral judges.
        named: bool[N, 7], the classes that the operator reads as the reason of a referral.
        level: int64[N], place of the advice in `LEVELS`; `NO_ADVICE` where none is given.
        unsure: bool[N], whether the model names no class because it is unsure.
    """

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    sets: NDArray[np.bool_]
    unfamiliarity: NDArray[np.float64]
    malignant: NDArray[np.float64]
    named: NDArray[np.bool_]
    level: NDArray[np.int64]
    unsure: NDArray[np.bool_]


def judge(
    bundle: Path,
    pictures: Sequence[Path],
    change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None,
    workers: int = 2,
) -> Judgements:
    """Classify image files with a bundle on the CPU, nothing being known of the patients.

    Args:
        bundle: folder of a sealed bundle.
        pictures: at least one.
        change: made to every decoded picture first.
        workers: classifiers at work side by side, one thread each.
    """
    decision, said = _classify(bundle, pictures, None, change, workers)
    return collect([each[0] for each in said], decision)


def judge_both(
    bundle: Path, pictures: Sequence[Path], contexts: Sequence[Context], workers: int = 2
) -> tuple[Judgements, Judgements]:
    """`judge` without and with what is known of the patients, one a picture; every network runs once."""
    decision, said = _classify(bundle, pictures, contexts, None, workers)
    return collect([each[0] for each in said], decision), collect([each[1] for each in said], decision)


def _classify(
    bundle: Path,
    pictures: Sequence[Path],
    contexts: Sequence[Context] | None,
    change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None,
    workers: int,
) -> tuple[Decision, list[tuple[Prediction, ...]]]:
    """The numbers of the rule, and of every picture the prediction without, and with `contexts` that with them."""
    idle: SimpleQueue[Classifier] = SimpleQueue()
    for _ in range(workers):
        idle.put(Classifier.open(bundle, engine="cpu", threads=1))

    def run(number: int) -> tuple[Prediction, ...]:
        classifier = idle.get()
        try:
            rgb = read_rgb(pictures[number])
            outputs = classifier.interpreter.invoke(classifier.prepare(change(rgb) if change else rgb))
            plain = classifier.interpret(outputs)
            return (plain,) if contexts is None else (plain, classifier.interpret(outputs, contexts[number]))
        finally:
            idle.put(classifier)

    with ThreadPoolExecutor(workers) as pool:
        said = list(shown(pool.map(run, range(len(pictures))), len(pictures), "pictures"))
    classifiers = [idle.get() for _ in range(workers)]
    for classifier in classifiers:
        classifier.close()
    return classifiers[0].bundle.manifest.decision, said


def collect(said: Sequence[Prediction], decision: Decision) -> Judgements:
    """What the operator is told of some predictions, by the kiosk's own rule."""
    rows = [_row(prediction, decision) for prediction in said]
    return Judgements(*(np.array(column) for column in zip(*rows, strict=True)))


def _row(said: Prediction, decision: Decision) -> tuple[Any, ...]:
    """One of each of `Judgements`."""
    advice, abstains = advise(said, decision), abstention(said, decision)
    read = kept(advice, abstains)
    return (
        [said.probabilities[lesion] for lesion in CLASS_ORDER],
        [said.scores[lesion] for lesion in CLASS_ORDER],
        [lesion in said.prediction_set for lesion in CLASS_ORDER],
        said.unfamiliarity,
        advice.malignant,
        [read is not None and lesion in read.named for lesion in CLASS_ORDER],
        NO_ADVICE if read is None else LEVELS.index(read.level),
        abstains is Abstention.MODEL_UNSURE,
    )
