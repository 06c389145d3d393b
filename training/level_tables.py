"""Tables of what the operator is told, for the report and the model card, from the figures that `evaluate` kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_models.decision import MALIGNANT, Decision
from edge_models.labels import LesionClass
from edge_models.triage import Abstention, AdviceLevel
from reporting.document import Block, Table, Text
from training.bootstrap import REPEATS
from training.levels import KINDS, MEASURES

Rows = list[list[str]]
Figures = Mapping[str, Any]

LEVEL_TITLES = {
    AdviceLevel.URGENT_REFERRAL: "Refer urgently, for melanoma",
    AdviceLevel.REFERRAL: "Refer, urgently or not, for malignancy",
    AdviceLevel.ROUTINE: "No referral suggested, for no malignancy",
}
_KIND_TITLES = dict(
    zip(
        KINDS,
        (
            "picture alone",
            "with age, sex and site",
            "histology-proven, picture alone",
            "histology-proven, with age, sex and site",
        ),
        strict=True,
    )
)
_MEASURE_TITLES = dict(
    zip(MEASURES, ("sensitivity", "specificity", "positive predictive value", "negative predictive value"), strict=True)
)
_OUTCOME_TITLES = {
    AdviceLevel.URGENT_REFERRAL: "refer urgently",
    AdviceLevel.REFERRAL: "refer",
    AdviceLevel.ROUTINE: "no referral suggested",
    Abstention.MODEL_UNSURE: "unsure",
    Abstention.NOT_DERMATOSCOPIC: "not dermatoscopic",
}


def told_blocks(figures: Mapping[str, Figures], decision: Decision) -> list[Block]:
    """All of it, with the words that it needs; arguments as `level_rows`."""
    prevalence = next(iter(figures.values()))["prevalence"]
    return [
        Text(
            "By the kiosk's own rule: a malignant class is named when its probability reaches its threshold, a named "
            "class is a referral, and melanoma above a point of its own an urgent one. The thresholds come from the "
            "calibration lesions, apart for the picture alone and with age, sex and site."
        ),
        Table(threshold_rows(decision)),
        Text(
            "Of all images; those without advice count as not referred and as not told that no referral is suggested. "
            f"Predictive values are at the class frequencies that the manifest states: {prevalence['malignant']:.1%} "
            f"malignant, {prevalence['melanoma']:.1%} melanoma, as in a specialist's clinic. Where malignancies are "
            "rarer, a referral is right less often, and its absence more often. In brackets: 95 % intervals, "
            f"{REPEATS} bootstrap repetitions by lesion."
        ),
        Table(basis_rows(figures)),
        Table(level_rows(figures)),
        Text(
            "How images of each class end. The kiosk's quality gate comes first: the last column says of how many of "
            "them it asks for another picture (“python -m benchmarks rule”). An unsure model names no class; a "
            "referral stands all the same."
        ),
        Table(outcome_rows(figures)),
    ]


def threshold_rows(decision: Decision) -> Rows:
    """The numbers of the rule."""
    rows = [
        ["Known", *(f"{lesion.full_name} named from" for lesion in MALIGNANT), "urgent from melanoma", "unsure from"]
    ]
    for title, thresholds in (("picture alone", decision.picture), ("with age, sex and site", decision.with_context)):
        if thresholds is not None:
            naming = (f"{thresholds.named_from(lesion):.2%}" for lesion in MALIGNANT)
            classes = f"{decision.unsure_set_size} classes not excluded"
            rows.append([title, *naming, f"{thresholds.urgent:.1%}", classes])
    return rows


def level_rows(figures: Mapping[str, Figures]) -> Rows:
    """Every level as a test, with 95 % intervals.

    Args:
        figures: of `training.levels.levels`, by the data set's name.
    """
    rows = [["Level", "data", *_MEASURE_TITLES.values()]]
    for level, title in LEVEL_TITLES.items():
        for name, of_it in figures.items():
            for kind in KINDS:
                if (values := of_it["levels"].get(kind)) is None:
                    continue
                # a proven lesion is no random one: at the stated prevalence its predictive values mean nothing
                proven = kind.startswith("histology")
                cells = [
                    "–" if proven and measure in ("ppv", "npv") else _interval(values[f"{level}_{measure}"])
                    for measure in MEASURES
                ]
                rows.append([title, f"{name}, {_KIND_TITLES[kind]}", *cells])
    return rows


def basis_rows(figures: Mapping[str, Figures]) -> Rows:
    """How many images and lesions the levels' figures rest on; arguments as `level_rows`."""
    rows = [["Data", "images", "malignant", "melanomas", "lesions"]]
    for name, of_it in figures.items():
        for kind, title in (("picture", "all"), ("histology", "histology-proven")):
            if (values := of_it["levels"].get(kind)) is not None:
                counts = (str(values[key][0]) for key in ("images", "malignant", "melanomas", "lesions"))
                rows.append([f"{name}, {title}", *counts])
    return rows


def outcome_rows(figures: Mapping[str, Figures]) -> Rows:
    """By class, how many images ended how; arguments as `level_rows`.

    The model's outcomes are of all images. The quality gate comes before them in the kiosk; where it was measured
    (`retakes`) its column says how many of the same images it asks for again.
    """
    rows = [["Data", "class", "images", *_OUTCOME_TITLES.values(), "retake asked for"]]
    for name, of_it in figures.items():
        retakes: Mapping[str, int] | None = of_it.get("retakes")
        for kind, classes in of_it["outcomes"].items():
            total: dict[str, int] = {}
            for code, counts in classes.items():
                asked = {} if retakes is None else {"retake": retakes[code]}
                for key, value in (counts | asked).items():
                    total[key] = total.get(key, 0) + value
                title = LesionClass.from_code(code).full_name
                rows.append([f"{name}, {_KIND_TITLES[kind]}", title, *_counts(counts | asked)])
            rows.append([f"{name}, {_KIND_TITLES[kind]}", "all", *_counts(total)])
    return rows


def _counts(counts: Mapping[str, int]) -> list[str]:
    asked = str(counts["retake"]) if "retake" in counts else "not measured"
    return [str(counts["images"]), *(str(counts[str(key)]) for key in _OUTCOME_TITLES), asked]


def _interval(value: list[float]) -> str:
    return "{:.3f} ({:.3f}–{:.3f})".format(*value)
