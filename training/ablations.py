"""What each idea gained: a table of runs beside a baseline, with how much of each gain may be chance."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import log_softmax
from training.bootstrap import by_lesion
from training.config import RunConfig, changes
from training.dataset import Sample, targets
from training.errors import RunError
from training.metrics import area_under_curve, balanced_accuracy
from training.predict import run_logits
from training.runs import read_config
from training.split import SPLITS, Part, read_split

TABLE = Path(__file__).parent / "ablations.csv"
"""The committed table."""
_DECIDES_NOTHING = {"train.seed", "train.evaluate_every", "train.checkpoint_every"}


class Ablation(NamedTuple):
    """One run beside its baseline, both in float32 with averaged weights, one view of images that neither learnt from.

    Attributes:
        baseline: name of the run that it is compared with; its own for the baseline.
        run: its name.
        differs: what its configuration has that the baseline's has not.
        seed: of the run.
        steps: that its weights have seen.
        balanced_accuracy: uncalibrated.
        gain: of that over the baseline, in points.
        gain_low, gain_high: its 95 % interval, bootstrap by lesion, the two runs on the same images.
        mean_auc: area under the curve of a class against the others, the mean of the classes: finer than a count.
        auc_gain, auc_gain_low, auc_gain_high: the same of it.
    """

    baseline: str
    run: str
    differs: str
    seed: int
    steps: int
    balanced_accuracy: float
    gain: float
    gain_low: float
    gain_high: float
    mean_auc: float
    auc_gain: float
    auc_gain_low: float
    auc_gain_high: float


def compare(baseline: Path, others: Sequence[Path], samples: Sequence[Sample], splits: Path = SPLITS) -> list[Ablation]:
    """The baseline's row and one for every other run, judged on all images of the split that training does not see.

    Args:
        baseline: folder of the run to compare with.
        others: folders of the other runs, each of another name.
        samples: all images.
        splits: folder of the splits' files.

    Raises:
        ConfigError: a run has no configuration.
        RunError: a run was not trained, or on another split, or two have the same name.
    """
    runs = [baseline, *others]
    names = [run.resolve().name for run in runs]
    if len(set(names)) != len(names):
        raise RunError("the runs must have different names")
    configs = [read_config(run) for run in runs]
    reference = configs[0]
    for name, config in zip(names, configs, strict=True):
        if config.split != reference.split:
            raise RunError(f"{name} learnt from other images than {names[0]}: their splits differ")
    parts = read_split(splits / f"{reference.split}.csv", samples)
    unseen = [*parts[Part.VALIDATION], *parts[Part.CALIBRATION]]
    logits, steps = zip(*(run_logits(run, unseen) for run in runs), strict=True)
    said = [log_softmax(each) for each in logits]
    return [
        Ablation(
            names[0],
            name,
            differences(reference, config) if run != baseline else "baseline",
            config.train.seed,
            step,
            *gains(said[0], scores, unseen),
        )
        for name, run, config, step, scores in zip(names, runs, configs, steps, said, strict=True)
    ]


def gains(before: NDArray[np.float64], after: NDArray[np.float64], samples: Sequence[Sample]) -> list[float]:
    """The figures of an `Ablation`, in its order.

    Args:
        before: float64[N, 7], what the baseline says of the samples, the highest being the choice.
        after: float64[N, 7], what the run says of them.
        samples: N, of at least two classes.
    """
    truth = targets(samples)

    def change(places: NDArray[np.int64]) -> dict[str, float]:
        first, second = _figures(before[places], truth[places]), _figures(after[places], truth[places])
        return {name: 100.0 * (second[name] - first[name]) for name in first}

    intervals, all_of_them = by_lesion(samples, change), change(np.arange(len(samples)))
    result: list[float] = []
    for name, figure in _figures(after, truth).items():
        low, high = intervals[name]
        result += [round(figure, 4), *(round(value, 2) + 0.0 for value in (all_of_them[name], low, high))]
    return result


def _figures(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> dict[str, float]:
    areas = [area_under_curve(scores[:, label], truth == label) for label in np.unique(truth)]
    return {
        "balanced accuracy": balanced_accuracy(scores.argmax(axis=1), truth),
        "mean AUC": float(np.mean(areas)),
    }


def differences(reference: RunConfig, config: RunConfig) -> str:
    """Every value that differs and decides what is learnt, but the seed, as “key before → after”."""
    found = [f"{key} {change}" for key, change in changes(reference, config).items() if key not in _DECIDES_NOTHING]
    return "; ".join(found) or "nothing but the seed"


def write(rows: Sequence[Ablation], path: Path = TABLE) -> None:
    """Put the rows of one baseline into a table, in the place of what it holds of that baseline."""
    kept = [row for row in (read(path) if path.exists() else []) if row.baseline != rows[0].baseline]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Ablation._fields)
        writer.writerows([*kept, *rows])


def read(path: Path = TABLE) -> list[Ablation]:
    """Read what `write` wrote.

    Raises:
        RunError: it is something else.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            kinds = get_type_hints(Ablation)
            return [Ablation(**{name: kind(row[name]) for name, kind in kinds.items()}) for row in reader]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is not a table of `python -m training ablations` ({error!r})") from error


def to_cells(rows: Sequence[Ablation]) -> list[list[str]]:
    """The rows for people, the first one the head."""
    head = ["Run", "differs from its baseline", "seed", "steps", "balanced accuracy", "gain, points"]
    return [
        [*head, "mean AUC", "gain, points"],
        *(
            [
                row.run,
                row.differs,
                str(row.seed),
                str(row.steps),
                f"{row.balanced_accuracy:.3f}",
                "–" if row.run == row.baseline else _interval(row.gain, row.gain_low, row.gain_high),
                f"{row.mean_auc:.3f}",
                "–" if row.run == row.baseline else _interval(row.auc_gain, row.auc_gain_low, row.auc_gain_high),
            ]
            for row in rows
        ),
    ]


def _interval(gain: float, low: float, high: float) -> str:
    return f"{gain:+.1f} ({low:+.1f} to {high:+.1f})"
