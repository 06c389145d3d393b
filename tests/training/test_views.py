"""Every choice of members and views gives what a bundle with just these would say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.bundle import Calibration
from edge_models.classifier import log_softmax
from edge_models.preprocess import View, crop_square
from training.errors import RunError
from training.views import (
    CROPS,
    ORIENTATIONS,
    Choice,
    accuracy_rows,
    choices,
    crop_name,
    make_views,
    member_sets,
    pooled,
    read_crop,
    upright,
    view_table,
)

WHOLE, CLOSER = View(), View(zoom=1.2, neutral=True)
VIEWS = make_views((WHOLE, CLOSER), 8)
SIZES = (320, 224, 112)
EVEN = Calibration(1.0, (0.0,) * 7, (1 / 7,) * 7)


def evidence(seed: int = 1, count: int = 40) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 7, count)
    logits = rng.normal(size=(count, 3, len(VIEWS), 7)) + 1.5 * np.eye(7)[target][:, None, None]
    return log_softmax(logits.astype(np.float32)), target


def test_each_member_alone_then_more_and_more_of_them() -> None:
    assert member_sets(3) == [(0,), (1,), (2,), (0, 1), (0, 1, 2)]
    assert member_sets(1) == [(0,)]


@pytest.mark.parametrize("crop", CROPS)
def test_a_crop_is_what_its_name_says(crop: View) -> None:
    assert read_crop(crop_name(crop)) == crop
    assert upright(make_views([crop], 8)) == [crop]


@pytest.mark.parametrize("text", ["", "neutral", ":neutral", "0.9", "1.2:warm", "nan:neutral"])
def test_another_name_is_an_error_that_shows_how_they_look(text: str) -> None:
    with pytest.raises(RunError, match=r"no crop like 1\.2 or 1\.2:neutral"):
        read_crop(text)


def test_only_what_the_views_contain_is_a_choice() -> None:
    some = [view for view in VIEWS if view in make_views((WHOLE, CLOSER), 4) or view in make_views((WHOLE,), 8)]
    found = list(choices(some, [(0, 1)]))
    assert [(choice.crops, choice.orientations) for choice in found] == [
        *(((WHOLE,), orientations) for orientations in (1, 2, 4, 8)),
        *(((WHOLE, CLOSER), orientations) for orientations in (1, 4)),  # two would show more of CLOSER
    ]
    assert [choice.inferences for choice in found] == [2, 4, 8, 16, 4, 16]


@pytest.mark.parametrize("orientations", [4, 8])
def test_a_turned_picture_gives_the_same_squares(orientations: int) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    views = make_views((WHOLE, View(zoom=2.0)), orientations)
    squares, turned = ({crop_square(image, view, 6).tobytes() for view in views} for image in (rgb, np.rot90(rgb)))
    assert squares == turned
    assert len(squares) == 2 * orientations


def test_four_of_each_of_two_crops_are_all_eight_whatever_the_order() -> None:
    views = make_views((WHOLE, CLOSER), 4)
    assert {(view.quarter_turns, view.flip) for view in views} == set(ORIENTATIONS[8])
    assert set(views) == set(make_views((CLOSER, WHOLE), 4))


def test_evidence_is_pooled_over_the_chosen_members_and_views_only() -> None:
    log_p, _ = evidence()
    chosen = pooled(log_p, VIEWS, Choice((0, 2), (CLOSER,), 1))
    np.testing.assert_allclose(chosen, (log_p[:, 0, 8] + log_p[:, 2, 8]) / 2)
    np.testing.assert_allclose(pooled(log_p, VIEWS, Choice((0, 1, 2), (WHOLE, CLOSER), 8)), log_p.mean(axis=(1, 2)))


def test_rows_say_what_each_choice_is_worth() -> None:
    log_p, target = evidence()
    rows = accuracy_rows(log_p, target, VIEWS, ["a", "b", "c"], SIZES, EVEN)
    assert len(rows) == 5 * 12
    assert [row["work_224px"] for row in rows] == sorted(row["work_224px"] for row in rows)
    by_member = {row["members"][0]: row["work_224px"] for row in rows if row["inferences"] == 1}
    assert by_member == {"a": 2.0, "b": 1.0, "c": 0.2}  # 320, 224 and 112 px: 2.04, 1, 0.25
    everything = rows[-1]
    assert everything["work_224px"] == pytest.approx(16 * (320**2 / 224**2 + 1 + 0.25), abs=0.05)
    assert everything["members"] == ["a", "b", "c"]
    assert (everything["crops"], everything["orientations"], everything["inferences"]) == (["1", "1.2:neutral"], 8, 48)
    right = log_p.mean(axis=(1, 2)).argmax(axis=1) == target
    assert everything["accuracy"] == pytest.approx(right.mean(), abs=1e-4)
    recalls = [right[target == label].mean() for label in np.unique(target)]
    assert everything["balanced_accuracy"] == pytest.approx(np.mean(recalls), abs=1e-4)
    p = np.exp(log_p.mean(axis=(1, 2)))
    p /= p.sum(axis=1, keepdims=True)
    assert everything["log_loss"] == pytest.approx(-np.log(p[np.arange(len(target)), target]).mean(), abs=1e-4)
    assert {row["split"] for row in rows} == {"held-out"}


def test_a_prior_moves_accuracy_and_leaves_balanced_accuracy_alone() -> None:
    log_p, target = evidence()
    prevalence = np.array([0.94, *[0.01] * 6])
    skewed = Calibration(1.0, tuple(np.log(prevalence).tolist()), tuple(prevalence.tolist()))
    for even, other in zip(
        accuracy_rows(log_p, target, VIEWS, "abc", SIZES, EVEN),
        accuracy_rows(log_p, target, VIEWS, "abc", SIZES, skewed),
        strict=True,
    ):
        assert other["balanced_accuracy"] == even["balanced_accuracy"]
        assert other["accuracy"] < even["accuracy"]


def test_the_table_of_views_is_of_all_members() -> None:
    log_p, target = evidence()
    assert {choice.members for choice, _ in view_table(log_p, target, VIEWS)} == {(0, 1, 2)}
