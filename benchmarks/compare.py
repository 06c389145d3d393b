"""Two latency documents of the same kiosk: which difference is a change, and which is noise?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.latency import stage_samples
from benchmarks.statistics import Ratio, ratio

PERCENTILES = (50, 95)
MATTERS = 0.02
"""A change is confirmed when the whole interval lies beyond this share; smaller ones nobody notices."""
LEAST_SHARE = 0.01
"""A stage with less of the total is shown but cannot confirm a slow-down."""


@dataclass(frozen=True)
class Difference:
    """One percentile of one stage in both runs.

    Attributes:
        before_ms: of the first run.
        after_ms: of the second.
        ratio: second over first, with its 95 % interval.
        minor: the stage has less than `LEAST_SHARE` of the total in both runs.
    """

    stage: str
    percentile: int
    before_ms: float
    after_ms: float
    ratio: Ratio
    minor: bool

    @property
    def verdict(self) -> str:
        """`slower`, `faster`, or `noise`: within what chance alone makes of it."""
        if self.ratio.low > 1 + MATTERS:
            return "slower"
        return "faster" if self.ratio.high < 1 - MATTERS else "noise"


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Compare the warm captures of two documents of `benchmarks.latency`, stage by stage.

    Raises:
        RuntimeError: too few captures in one of them.
    """
    first, second = stage_samples(before["warm"]), stage_samples(after["warm"])
    differences = []
    for stage in [stage for stage in first if stage in second]:
        figures = [document["summary"]["warm"][stage] for document in (before, after)]
        if not (all(value > 0 for value in first[stage]) and all(value > 0 for value in second[stage])):
            continue  # a remainder that is sometimes nothing has no ratio
        for percentile in PERCENTILES:
            try:
                found = ratio(first[stage], second[stage], percentile)
            except ValueError as error:
                raise RuntimeError(f"the runs cannot be compared: {error}; measure with more --captures") from error
            before_ms, after_ms = (float(each[f"p{percentile}"]) for each in figures)
            minor = all(each["share"] < LEAST_SHARE for each in figures)
            differences.append(Difference(stage, percentile, before_ms, after_ms, found, minor))
    return differences


def slowed_down(differences: list[Difference]) -> bool:
    """Whether a slow-down of a stage that counts is confirmed."""
    return any(each.verdict == "slower" and not each.minor for each in differences)


def caveats(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What else differs between the runs, so that the ratio is not the code's alone."""
    found = []
    for title, path in {
        "the machine": ("machine", "model"),
        "the number of cores": ("machine", "cores"),
        "the governor": ("machine", "governor"),
        "the operating system": ("machine", "os"),
        "Python": ("machine", "python"),
        "a library": ("machine", "packages"),
        "the runtime": ("engine", "runtime"),
        "the device": ("engine", "device"),
        "the number of threads": ("engine", "threads"),
        "the bundle": ("bundle", "model_id"),
        "the number of members": ("bundle", "members"),
        "the number of views": ("bundle", "views"),
        "the camera": ("camera",),
    }.items():
        values: list[Any] = [before, after]
        for key in path:
            values = [value[key] for value in values]
        if values[0] != values[1]:
            found.append(f"{title} differs: {_text(values[0])} / {_text(values[1])}")
    return found


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return str(value) or "not known"


def table(differences: list[Difference]) -> str:
    """One line a stage and percentile."""
    lines = [f"{'stage':<14}{'':>4}{'before':>10}{'after':>10} ms{'ratio':>9}   95 % interval    verdict"]
    for each in differences:
        verdict = each.verdict + (" (under 1 % of the total)" if each.minor and each.verdict != "noise" else "")
        lines.append(
            f"{each.stage:<14}{f'p{each.percentile}':>4}{each.before_ms:>10.2f}{each.after_ms:>10.2f}   "
            f"{each.ratio.value:>9.3f}   {each.ratio.low:.3f} … {each.ratio.high:.3f}   {verdict}"
        )
    return "\n".join(lines)
