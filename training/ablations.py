"""What each idea gained: a table of runs beside a baseline, written from the runs' own records."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from training.config import RunConfig
from training.errors import RunError
from training.runs import last_validation, read_config, read_quantization

TABLE = Path(__file__).parent / "ablations.csv"
"""The committed table."""


class Ablation(NamedTuple):
    """One run beside its baseline.

    Attributes:
        baseline: name of the run that it is compared with; its own for the baseline.
        run: its name.
        differs: what its configuration has that the baseline's has not.
        seed: of the run.
        steps: done when it was looked at last.
        balanced_accuracy: of the held-out images then, averaged weights in float32, one view.
        gain: of that over the baseline, in points.
        int8_balanced_accuracy: as `quantize` measured it; None where the run was not quantized.
    """

    baseline: str
    run: str
    differs: str
    seed: int
    steps: int
    balanced_accuracy: float
    gain: float
    int8_balanced_accuracy: float | None


def compare(baseline: Path, others: Sequence[Path]) -> list[Ablation]:
    """The baseline's row and one for every other run.

    Raises:
        ConfigError: a run has no configuration.
        RunError: a run was never looked at, or two have the same name.
    """
    runs = [baseline, *others]
    names = [run.resolve().name for run in runs]
    if len(set(names)) != len(names):
        raise RunError("the runs must have different names")
    reference = read_config(baseline)
    _, start = last_validation(baseline)
    rows = []
    for name, run in zip(names, runs, strict=True):
        config = read_config(run)
        steps, figure = last_validation(run)
        try:
            integers: float | None = round(read_quantization(run)["balanced_accuracy_int8"], 4)
        except RunError:
            integers = None
        said = differences(reference, config) if run != baseline else "baseline"
        gain = round(100.0 * (figure - start), 1)
        rows.append(Ablation(names[0], name, said, config.train.seed, steps, round(figure, 4), gain, integers))
    return rows


def differences(reference: RunConfig, config: RunConfig) -> str:
    """Every value that differs but the seed, as “key before → after”."""
    before, after = _flat(asdict(reference)), _flat(asdict(config))
    found = [
        f"{key} {before.get(key, '–')} → {after.get(key, '–')}"
        for key in before | after
        if before.get(key) != after.get(key) and key != "train.seed"
    ]
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
            return [
                Ablation(
                    row["baseline"], row["run"], row["differs"], int(row["seed"]), int(row["steps"]),
                    float(row["balanced_accuracy"]), float(row["gain"]),
                    float(row["int8_balanced_accuracy"]) if row["int8_balanced_accuracy"] else None,
                )
                for row in csv.DictReader(stream)
            ]  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is not a table of `python -m training ablations` ({error!r})") from error


def to_cells(rows: Sequence[Ablation]) -> list[list[str]]:
    """The rows for people, the first one the head."""
    head = ["Run", "differs from its baseline", "seed", "steps", "float32, one view", "gain, points", "int8, one view"]
    return [
        head,
        *(
            [
                row.run,
                row.differs,
                str(row.seed),
                str(row.steps),
                f"{row.balanced_accuracy:.3f}",
                "–" if row.run == row.baseline else f"{row.gain:+.1f}",
                "–" if row.int8_balanced_accuracy is None else f"{row.int8_balanced_accuracy:.3f}",
            ]
            for row in rows
        ),
    ]


def _flat(document: Any, where: str = "") -> dict[str, str]:
    """{"train.seed": "1", …}; a list becomes one value."""
    if isinstance(document, dict):
        parts = [_flat(value, f"{where}.{key}" if where else key) for key, value in document.items()]
        return {key: value for part in parts for key, value in part.items()}
    if isinstance(document, tuple):
        return {where: " + ".join(_listed(value) for value in document)}
    return {where: str(document)}


def _listed(value: Any) -> str:
    """A phase of the schedule, or a plain value, in a list."""
    return f"{value['steps']} at {value['size_px']} px" if isinstance(value, dict) else str(value)
