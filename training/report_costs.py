"""The tables of a report about what things cost or gain: integers, inferences, leakage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge_models.preprocess import View
from training.leakage import Claim
from training.report_tables import Rows, Study
from training.views import make_views, read_crop, upright


def integer_table(studies: Sequence[Study]) -> Rows:
    """The whole assessment in float32 and in int8, for the studies that know both."""
    rows = [
        [
            "Data",
            "balanced accuracy: float32",
            "int8",
            "loss, points",
            "accuracy: float32",
            "int8",
            "same likeliest class",
        ]
    ]
    for study in studies:
        if study.integers is not None:
            figures = study.integers
            loss, low, high = (100.0 * figures[key] for key in ("loss", "loss_low", "loss_high"))
            rows.append(
                [
                    study.name,
                    f"{figures['float32_balanced_accuracy']:.3f}",
                    f"{figures['int8_balanced_accuracy']:.3f}",
                    f"{loss:+.1f} ({low:+.1f} to {high:+.1f})",
                    f"{figures['float32_accuracy']:.3f}",
                    f"{figures['int8_accuracy']:.3f}",
                    f"{figures['same_class']:.1%}",
                ]
            )
    return rows


def inference_table(rows: Sequence[Mapping[str, Any]], views: Sequence[View], members: int) -> Rows:
    """Those of `training.views.accuracy_rows` with the whole square only or with the shipped crops.

    Args:
        rows: see there.
        views: that ship.
        members: that ship.
    """
    shipped = set(upright(views))
    measures = ["balanced accuracy", "accuracy", "log loss, nats"]
    table = [["Networks", "crops", "turned and mirrored copies", "inferences", "in those of 224 px", *measures]]
    for row in rows:
        crops = [read_crop(name) for name in row["crops"]]
        if set(crops) not in ({View()}, shipped):
            continue
        ships = len(row["members"]) == members and set(make_views(crops, row["orientations"])) == set(views)
        names = " + ".join(name.removesuffix("_int8.tflite") for name in row["members"])
        table.append(
            [
                f"{names} (ships)" if ships else names,
                ", ".join(row["crops"]),
                str(row["orientations"]),
                str(row["inferences"]),
                f"{row['work_224px']:.1f}",
                *(f"{row[key]:.3f}" for key in ("balanced_accuracy", "accuracy", "log_loss")),
            ]
        )
    return table


def eight_for_four(rows: Sequence[Mapping[str, Any]], views: Sequence[View], members: int) -> str:
    """A sentence on what eight orientations of each crop gain over four; empty where not so many ship.

    Args:
        rows: as `inference_table`.
        views: as `inference_table`.
        members: as `inference_table`.
    """
    by_views = {
        frozenset(make_views([read_crop(name) for name in row["crops"]], row["orientations"])): row
        for row in rows
        if len(row["members"]) == members
    }
    eight, four = (by_views.get(frozenset(some)) for some in (views, make_views(upright(views), 4)))
    if eight is None or four is None or eight["orientations"] != 8:
        return ""
    balanced, accuracy, loss = (eight[key] - four[key] for key in ("balanced_accuracy", "accuracy", "log_loss"))
    changes = f"{100 * balanced:+.1f} points of balanced accuracy, {100 * accuracy:+.1f} of accuracy, {loss:+.3f} nats"
    if min(balanced, accuracy) > 0.0:
        return f" Eight orientations instead of four: {changes}."
    return (
        f" Eight orientations instead of four gain nothing in accuracy ({changes}): they are kept for steadiness, so "
        "that a mirrored picture gives the same crops too."
    )


def leakage_table(claims: Sequence[Claim]) -> Rows:
    """What two equal runs claim on the held-out images of their own splits."""
    rows = [["Split", "held-out images", "number", "balanced accuracy"]]
    for claim in claims:
        figure = f"{claim.balanced_accuracy:.3f} ({claim.low:.3f}–{claim.high:.3f})" if claim.images else "–"
        rows.append([claim.split, claim.group, str(claim.images), figure])
    return rows
