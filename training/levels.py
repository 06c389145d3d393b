"""What the operator is told: every level of the clinical rule against the truth, and how often nothing is said.

All images count. One without advice is neither referred nor told that no referral is suggested.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from training.bootstrap import by_lesion
from training.dataset import CLASS_ORDER, Sample, targets
from training.errors import RunError
from training.judge import LEVELS, REFERRAL, ROUTINE, URGENT, Judgements

MALIGNANT = np.array([lesion.malignant for lesion in CLASS_ORDER])
"""bool[7]."""
_MELANOMA = np.array([lesion is LesionClass.MEL for lesion in CLASS_ORDER])
MEASURES = ("sensitivity", "specificity", "ppv", "npv")
KINDS = ("picture", "with_context", "histology", "histology_with_context")
"""Without and with age, sex and site; the same of lesions that histopathology proved."""
HISTOLOGY = "histo"


def levels(
    kinds: Mapping[str, Judgements], samples: Sequence[Sample], prevalence: NDArray[np.float64]
) -> dict[str, Any]:
    """All that the operator is told of one data set.

    Args:
        kinds: what was judged of it, by the first two of `KINDS`.
        samples: N images.
        prevalence: float64[7], what predictive values are stated for.

    Returns:
        `levels`: by each of `KINDS`, `with_intervals`. `outcomes`: by the first two, `outcome_counts`. `prevalence`:
        the shares of `malignant` and `melanoma` that predictive values are for.
    """
    proven = np.array([number for number, sample in enumerate(samples) if sample.confirmed_by == HISTOLOGY], np.int64)
    measured: dict[str, Any] = {}
    for kind, judgements in kinds.items():
        measured[kind] = with_intervals(judgements.level, samples, prevalence)
        if len(proven):
            subset = [samples[number] for number in proven]
            name = "histology" if kind == "picture" else f"histology_{kind}"
            measured[name] = with_intervals(judgements.level[proven], subset, prevalence)
    counts = {kind: outcome_counts(judgements, samples) for kind, judgements in kinds.items()}
    shares = {"malignant": float(prevalence[MALIGNANT].sum()), "melanoma": float(prevalence[_MELANOMA].sum())}
    return {"levels": measured, "outcomes": counts, "prevalence": shares}


def with_intervals(
    level: NDArray[np.int64], samples: Sequence[Sample], prevalence: NDArray[np.float64]
) -> dict[str, list[float]]:
    """`level_figures` as [value, low, high], 95 % intervals by lesion, and what they rest on, each as [number]."""
    target = targets(samples)

    def figures(chosen: NDArray[np.int64]) -> dict[str, float]:
        return level_figures(level[chosen], target[chosen], prevalence)

    values, intervals = figures(np.arange(len(target))), by_lesion(samples, figures)
    counts: dict[str, list[float]] = {
        "images": [len(samples)],
        "malignant": [int(MALIGNANT[target].sum())],
        "melanomas": [int(_MELANOMA[target].sum())],
        "lesions": [len({sample.lesion_id for sample in samples})],
    }
    return counts | {name: [value, *intervals[name]] for name, value in values.items()}


def level_figures(
    level: NDArray[np.int64], target: NDArray[np.int64], prevalence: NDArray[np.float64]
) -> dict[str, float]:
    """Every level as a test: urgent referral for melanoma, any referral for malignancy, no referral for its absence.

    Args:
        level: int64[N], as in `Judgements`.
        target: int64[N].
        prevalence: float64[7].

    Returns:
        `<level>_<measure>` for every level and each of `MEASURES`. Predictive values are at `prevalence`: each class
        counts by its prevalence, whatever its share of these images; one that is missing here counts like the others on
        its side. 0 where there is nothing to take a share of.
    """
    tests = {
        LEVELS[URGENT]: (level == URGENT, _MELANOMA),
        LEVELS[REFERRAL]: (level <= REFERRAL, MALIGNANT),
        LEVELS[ROUTINE]: (level == ROUTINE, ~MALIGNANT),
    }
    return {
        f"{name}_{measure}": value
        for name, (said, meant) in tests.items()
        for measure, value in zip(MEASURES, _measures(said, meant, target, prevalence), strict=True)
    }


def _measures(
    said: NDArray[np.bool_], meant: NDArray[np.bool_], target: NDArray[np.int64], prevalence: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """`MEASURES` of a test for the classes bool[7] `meant`."""
    counts = np.bincount(target, minlength=len(CLASS_ORDER))
    hits = np.bincount(target[said], minlength=len(CLASS_ORDER))
    rate = hits / np.maximum(counts, 1)
    share = float(prevalence[meant].sum())

    def at_prevalence(side: NDArray[np.bool_]) -> float:
        weight = np.where(side & (counts > 0), prevalence, 0.0)
        return _share(float(weight @ rate), float(weight.sum()))

    true, false = at_prevalence(meant), at_prevalence(~meant)
    return (
        _share(float(hits[meant].sum()), float(counts[meant].sum())),
        1.0 - _share(float(hits[~meant].sum()), float(counts[~meant].sum())),
        _share(share * true, share * true + (1.0 - share) * false),
        _share((1.0 - share) * (1.0 - false), (1.0 - share) * (1.0 - false) + share * (1.0 - true)),
    )


def outcome_counts(judgements: Judgements, samples: Sequence[Sample]) -> dict[str, dict[str, int]]:
    """By class code, how many images ended how: `images`, every level with its classes shown, and the two refusals."""
    target = targets(samples)
    unfamiliar = judgements.unfamiliarity > 1.0
    plain = ~unfamiliar & ~judgements.unsure
    ended = {str(name): plain & (judgements.level == place) for place, name in enumerate(LEVELS)}
    ended |= {"model_unsure": judgements.unsure, "not_dermatoscopic": unfamiliar}
    return {
        lesion.code: {"images": int(mine.sum())} | {name: int((mine & which).sum()) for name, which in ended.items()}
        for place, lesion in enumerate(CLASS_ORDER)
        if (mine := target == place).any()
    }


def read_retakes(path: Path, lesions: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, int]]:
    """By data set and class code, of how many images the kiosk's quality gate asks for another picture.

    Args:
        path: what `python -m benchmarks rule --json` wrote.
        lesions: the samples by data set; the file must have counted the same.

    Raises:
        RunError: it did not, or the file is something else.
    """
    try:
        counted = json.loads(path.read_text(encoding="utf-8"))["outcomes"]
        found = {
            name: {code: (int(row["images"]), int(row["retake"])) for code, row in counted[name]["picture"].items()}
            for name in lesions
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} does not hold the outcomes of these images ({error!r})") from error
    for name, samples in lesions.items():
        images = Counter(sample.label.code for sample in samples)
        if {code: count for code, (count, _) in found[name].items()} != images:
            raise RunError(f"{path} is about other images than those of {name}")
    return {name: {code: retakes for code, (_, retakes) in rows.items()} for name, rows in found.items()}


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0
