"""A bundle's `plots.json`: what its makers measured on held-out lesions, for the kiosk to draw.

`python -m training evaluate` measures it, `publish` and `plots` write it; the kiosk draws it in an operator's language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from edge_models.checked import number
from edge_models.frozen import frozen
from edge_models.labels import LesionClass

FILE = "plots.json"
MAX_BYTES = 1 << 16
MAX_POINTS = 200
"""Of one curve; no screen shows more."""
CURVES = ("malignant", "melanoma")
FIGURES = ("balanced_accuracy", "referral_sensitivity", "referral_specificity", "melanoma_sensitivity", "melanoma_auc",
           "malignant_auc", "expected_calibration_error")  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """One bar of a reliability plot.

    Attributes:
        said: mean probability of the likeliest class, 0 … 1.
        right: share of these pictures where it was right, 0 … 1.
        pictures: how many there are, at least one.
    """

    said: float
    right: float
    pictures: int


@dataclass(frozen=True)
class Plots:
    """What is drawn of one bundle; classes in `classes`, the bundle's own order.

    Attributes:
        pictures: that were judged, none of which training saw.
        lesions: that they show.
        curves: of `CURVES`, receiver operating characteristics: (false, true positive rate), ascending, 0 … 1.
        reliability: its bars, ascending.
        confusion: how often each true class (row) was called each class (column), under equal class priors.
        trained_on: pictures of each class that training saw.
        figures: of `FIGURES`, each 0 … 1.
    """

    classes: tuple[LesionClass, ...]
    pictures: int
    lesions: int
    curves: Mapping[str, tuple[tuple[float, float], ...]]
    reliability: tuple[Bar, ...]
    confusion: tuple[tuple[int, ...], ...]
    trained_on: tuple[int, ...]
    figures: Mapping[str, float]


def parse(content: bytes) -> Plots:
    """Read and check the file.

    Raises:
        ValueError: it says something impossible, or is none.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"{FILE} is larger than {MAX_BYTES} bytes")
    try:
        return _plots(json.loads(content))
    except KeyError as error:
        raise ValueError(f"{FILE} lacks {error}") from error
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"{FILE}: {error}") from error


def to_json(plots: Plots) -> bytes:
    """The file's content; `parse` gives the same plots back."""
    document = {
        "classes": [lesion.code for lesion in plots.classes],
        "pictures": plots.pictures,
        "lesions": plots.lesions,
        "curves": plots.curves,
        "reliability": [[bar.said, bar.right, bar.pictures] for bar in plots.reliability],
        "confusion": plots.confusion,
        "trained_on": plots.trained_on,
        "figures": plots.figures,
    }
    return json.dumps(document, default=dict, separators=(",", ":")).encode() + b"\n"


def _plots(document: Mapping[str, Any]) -> Plots:
    classes = tuple(LesionClass.from_code(str(code)) for code in document["classes"])
    if len(classes) != len(LesionClass) or {*classes} != {*LesionClass}:
        raise ValueError("classes must be each once")
    confusion = tuple(_counts(row, len(classes)) for row in document["confusion"])
    if len(confusion) != len(classes):
        raise ValueError("a row of the confusion matrix for each class is needed")
    return Plots(
        classes=classes,
        pictures=_count(document["pictures"]),
        lesions=_count(document["lesions"]),
        curves=frozen({name: _curve(document["curves"][name]) for name in CURVES}),
        reliability=tuple(_bar(bar) for bar in _few(document["reliability"])),
        confusion=confusion,
        trained_on=_counts(document["trained_on"], len(classes)),
        figures=frozen({name: _share(document["figures"][name]) for name in FIGURES}),
    )


def _curve(points: Sequence[Sequence[object]]) -> tuple[tuple[float, float], ...]:
    curve = tuple((_share(across), _share(up)) for across, up in _few(points))
    if not curve or any(a > c or b > d for (a, b), (c, d) in pairwise(curve)):
        raise ValueError("a curve ascends")
    return curve


def _bar(bar: Sequence[object]) -> Bar:
    said, right, pictures = bar
    return Bar(_share(said), _share(right), _count(pictures))


def _few(values: Sequence[Any]) -> Sequence[Any]:
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        raise ValueError(f"a list of at most {MAX_POINTS} is needed")
    return values


def _counts(values: object, length: int) -> tuple[int, ...]:
    if not isinstance(values, list) or len(values) != length:
        raise ValueError(f"a number for each of {length} classes is needed")
    return tuple(_count(value) for value in values)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 10_000_000:
        raise ValueError(f"{value!r:.40} is no number of pictures")
    return value


def _share(value: object) -> float:
    return number(value, "a share", 0.0, 1.0)
