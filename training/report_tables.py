"""The tables of a report about the bundle itself: targets, figures, classes, confusion, strata, stability, context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.context import Context
from edge_models.labels import LesionClass
from training.bootstrap import by_lesion
from training.dataset import CLASS_ORDER, Sample, targets
from training.evaluate import Figures, lesion_figures
from training.judge import REFERRAL, Judgements
from training.levels import MALIGNANT
from training.metrics import area_under_curve, confusion, precisions, recalls

Rows = list[list[str]]
Intervals = Mapping[str, tuple[float, float]]

AGE_EDGES_YEARS = (30, 45, 60, 75)


class Study(NamedTuple):
    """One data set, judged.

    Attributes:
        name: for people.
        samples: N images.
        judgements: of the pictures as they are.
        with_context: of the same with age, sex and site.
        changed: of the same after each of `training.robustness.CHANGES`, by its name.
        cameras: of the same after each of `training.robustness.CAMERAS`, `SENSORS` and `RULERS`, by its name.
        figures: of `judgements`.
        context_figures: of `with_context`.
        intervals: of `figures`.
        gain_intervals: of what `context_figures` have more than `figures`.
        integers: `training.evaluate.integer_figures`; None where that was not measured.
    """

    name: str
    samples: Sequence[Sample]
    judgements: Judgements
    with_context: Judgements
    changed: Mapping[str, Judgements]
    cameras: Mapping[str, Judgements]
    figures: Figures
    context_figures: Figures
    intervals: Intervals
    gain_intervals: Intervals
    integers: Mapping[str, float] | None = None


def intervals(judgements: Judgements, samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals by lesion of all of `lesion_figures`."""
    return by_lesion(samples, lambda chosen: _figures_of(chosen, judgements, samples))


def gain_intervals(
    without: Judgements, with_it: Judgements, samples: Sequence[Sample]
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals by lesion of what every figure gains, on the same repetitions with and without."""

    def gains(chosen: NDArray[np.int64]) -> dict[str, float]:
        before, after = (_figures_of(chosen, said, samples) for said in (without, with_it))
        return {key: float(str(after[key])) - value for key, value in before.items() if isinstance(value, float)}

    return by_lesion(samples, gains)


def _figures_of(chosen: NDArray[np.int64], judgements: Judgements, samples: Sequence[Sample]) -> Figures:
    return lesion_figures(Judgements._make(column[chosen] for column in judgements), [samples[i] for i in chosen])


def flips(study: Study) -> dict[str, float]:
    """Share of pictures whose likeliest class is another one after each change, by its name."""
    before = study.judgements.probabilities.argmax(axis=1)
    return {
        name: float(np.mean(changed.probabilities.argmax(axis=1) != before)) for name, changed in study.changed.items()
    }


class Target(NamedTuple):
    """A figure with what is wanted of it; `key` names it in a study's figures."""

    title: str
    key: str
    first_step: str
    goal: str


TARGETS = (
    Target("Balanced multiclass accuracy (scores)", "balanced_accuracy", "≥ 0.82", "≥ 0.885"),
    Target("Accuracy", "top1_accuracy", "≥ 0.84", "≥ 0.90"),
    Target("Top-3 accuracy", "top3_accuracy", "≥ 0.975", "≥ 0.99"),
    Target("Melanomas that are named", "melanoma_sensitivity", "≥ 0.85", "≥ 0.92"),
    Target("… others of which melanoma is not named", "melanoma_specificity", "printed", "printed"),
    Target("Malignant lesions referred", "referral_sensitivity", "0.93", "0.95"),
    Target("… benign ones not referred", "referral_specificity", "0.65", "0.75"),
    Target("Melanomas referred urgently", "urgent_sensitivity", "printed", "printed"),
    Target("… others not referred urgently", "urgent_specificity", "≥ 0.90", "≥ 0.90"),
    Target("Expected calibration error, 15 bins", "expected_calibration_error", "≤ 0.05", "≤ 0.02"),
    Target("Conformal set: coverage of a promised 95 %", "conformal_coverage", "≥ 0.93", "0.95 ± 0.01"),
    Target("Conformal set: mean size", "conformal_mean_size", "≤ 2.5", "≤ 1.8"),
    Target("Lesions refused as unfamiliar", "refused_as_unfamiliar", "≤ 2 %", "≤ 2 %"),
)


def target_table(studies: Sequence[Study], photos_refused: float) -> Rows:
    """Wanted and measured, side by side; the official test split is in nobody's hands here."""
    rows = [["Figure", "first step", "goal", *(study.name for study in studies)]]
    for title, key, first, goal in TARGETS:
        rows.append([title, first, goal, *(_number(study, key) for study in studies)])
    worst = [f"{max(flips(study).values()):.1%}" for study in studies]
    rows.append(["Top class flips, the worst small change", "≤ 8 %", "≤ 2 %", *worst])
    nothing = ["–"] * (len(studies) - 1)
    rows.append(["Everyday photos refused", "≥ 95 %", "≥ 99.5 %", f"{photos_refused:.1%}", *nothing])
    integers = [study.integers for study in studies]
    loss = [f"{100.0 * each['loss']:.1f} points" if each else "not measured" for each in integers]
    rows.append(["float32 → int8: loss", "≤ 1.0 point", "≤ 0.3", *loss])
    same = [f"{each['same_class']:.1%}" if each else "not measured" for each in integers]
    rows.append(["float32 → int8: same class", "≥ 97 %", "≥ 99 %", *same])
    return rows


def headline_table(studies: Sequence[Study]) -> Rows:
    """All plain figures with their intervals."""
    rows = [["Figure", *(study.name for study in studies)]]
    for key, value in studies[0].figures.items():
        if isinstance(value, int):
            rows.append([_words(key), *(str(study.figures[key]) for study in studies)])
        elif isinstance(value, float):
            rows.append([_words(key), *(_number(study, key) for study in studies)])
    return rows


def class_table(study: Study) -> Rows:
    """Recall and precision of the class with the highest score; area under the curve of each against the rest."""
    target = targets(study.samples)
    chosen = study.judgements.scores.argmax(axis=1)
    recall, precision = recalls(chosen, target), precisions(chosen, target)
    rows = [["Class", "images", "lesions", "recall", "precision", "AUC against the rest"]]
    for place, lesion in enumerate(CLASS_ORDER):
        mine = target == place
        known = 0 < mine.sum() < len(mine)
        area = area_under_curve(study.judgements.probabilities[:, place], mine) if known else None
        lesions = {sample.lesion_id for sample in study.samples if sample.label is lesion}
        numbers = (_or_dash(value) for value in (recall.get(place), precision.get(place), area))
        rows.append([lesion.full_name, str(int(mine.sum())), str(len(lesions)), *numbers])
    return rows


def confusion_table(study: Study) -> Rows:
    """Counts: a true class a row, what has the highest score a column."""
    counts = confusion(study.judgements.scores.argmax(axis=1), targets(study.samples), len(CLASS_ORDER))
    rows = [["true ↓ said →", *(lesion.code for lesion in CLASS_ORDER)]]
    rows += [[lesion.code, *map(str, row)] for lesion, row in zip(CLASS_ORDER, counts.tolist(), strict=True)]
    return rows


def strata_table(study: Study) -> Rows:
    """How it does by age band, sex, site and how the label is known."""
    target = targets(study.samples)
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    right = study.judgements.probabilities.argmax(axis=1) == target
    referred = study.judgements.level <= REFERRAL
    named = study.judgements.named[:, melanoma]
    rows = [["Stratum", "images", "accuracy", "malignant referred", "benign not referred", "melanoma named"]]
    for title, value_of in _STRATA:
        values = [value_of(sample) for sample in study.samples]
        for value in sorted(set(values), key=_natural):
            mine = np.array([other == value for other in values])
            ill, mel = MALIGNANT[target] & mine, (target == melanoma) & mine
            well = mine & ~MALIGNANT[target]
            shares = (_share(referred[ill]), _share(~referred[well]), _share(named[mel]))
            rows.append([f"{title}: {value}", str(int(mine.sum())), f"{right[mine].mean():.3f}", *shares])
    return rows


def flip_table(studies: Sequence[Study]) -> Rows:
    """Share of pictures whose likeliest class is another one after a small change."""
    by_study = [flips(study) for study in studies]
    rows = [["Change", *(study.name for study in studies)]]
    rows += [[name, *(f"{flipped[name]:.1%}" for flipped in by_study)] for name in by_study[0]]
    return rows


def camera_table(studies: Sequence[Study]) -> Rows:
    """What is left of the main figures as another camera would show the same lesions."""
    keys = (
        "balanced_accuracy", "top1_accuracy", "malignant_auc", "referral_sensitivity", "referral_specificity",
        "expected_calibration_error",
    )  # fmt: skip
    rows = [["Picture", *(f"{study.name}: {_words(key)}" for study in studies for key in keys)]]
    for name in ("as it is", *studies[0].cameras):
        shown = (
            lesion_figures(study.cameras[name], study.samples) if name in study.cameras else study.figures
            for study in studies
        )
        rows.append([name, *(f"{float(str(figures[key])):.3f}" for figures in shown for key in keys)])
    return rows


def context_table(studies: Sequence[Study]) -> Rows:
    """Without and with age, sex and site."""
    keys = (
        "balanced_accuracy", "top1_accuracy", "top3_accuracy", "malignant_auc", "melanoma_auc", "referral_sensitivity",
        "referral_specificity", "melanoma_sensitivity", "melanoma_specificity", "urgent_sensitivity",
        "urgent_specificity", "expected_calibration_error", "conformal_coverage", "conformal_mean_size",
    )  # fmt: skip
    rows = [["Figure", *(f"{study.name}: {which}" for study in studies for which in ("without", "with", "gain"))]]
    for key in keys:
        cells = []
        for study in studies:
            without, with_it = (float(str(f[key])) for f in (study.figures, study.context_figures))
            low, high = study.gain_intervals[key]
            cells += [f"{without:.3f}", f"{with_it:.3f}", f"{with_it - without:+.3f} ({low:+.3f} to {high:+.3f})"]
        rows.append([_words(key), *cells])
    return rows


def _age_band(context: Context) -> str:
    if context.age_years is None:
        return "not known"
    edges = [0, *AGE_EDGES_YEARS]
    place = int(np.searchsorted(AGE_EDGES_YEARS, context.age_years, side="right"))
    return f"{edges[place]}–{edges[place + 1] - 1}" if place + 1 < len(edges) else f"{edges[place]} and more"


_STRATA: tuple[tuple[str, Callable[[Sample], str]], ...] = (
    ("Age", lambda sample: _age_band(sample.context)),
    ("Sex", lambda sample: sample.context.sex or "not known"),
    ("Site", lambda sample: sample.context.site or "not known"),
    ("Label from", lambda sample: sample.confirmed_by or "not known"),
)


def _natural(value: str) -> tuple[bool, str]:
    return value == "not known", value.zfill(8) if value[:1].isdigit() else value


def _number(study: Study, key: str) -> str:
    low, high = study.intervals[key]
    return f"{study.figures[key]:.3f} ({low:.3f}–{high:.3f})"


def _share(hits: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    return f"{hits.mean():.3f} ({int(hits.sum())}/{len(hits)})" if len(hits) else "–"


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize().replace("auc", "AUC")
