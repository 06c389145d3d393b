"""A kept examination is the one that was saved, to the last bit."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import timedelta, timezone
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.labels import LesionClass
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.frame import AUTOMATIC
from kiosk.errors import StoreDamaged
from kiosk.records.documents import (
    assessment_from_json,
    assessment_to_json,
    picture_from_json,
    picture_to_json,
)
from tests.kiosk.records.samples import NOON, new_assessment, new_examination, new_prediction

Value: TypeAlias = Any


def same(first: Value, second: Value) -> bool:
    """Whether two values are equal in every field, arrays and numbers that are none included."""
    if type(first) is not type(second):
        return False
    if dataclasses.is_dataclass(first):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in dataclasses.fields(first))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if isinstance(first, float) and math.isnan(first):
        return math.isnan(second)
    if hasattr(first, "items"):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    return bool(first == second)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_assessment_comes_back_whole(outcome: Outcome) -> None:
    assessment = new_assessment(outcome, NOON.astimezone(timezone(timedelta(hours=5, minutes=45))))
    back = assessment_from_json(assessment_to_json(assessment))
    assert same(assessment, back)
    assert back.assessed_at.utcoffset() == timedelta(hours=5, minutes=45)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 1, exclude_min=True), min_size=7, max_size=7),
    st.floats(allow_nan=True),
    st.dictionaries(st.text(max_size=8), st.floats(), max_size=4),
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
def test_numbers_come_back_to_the_last_bit(
    weights: list[float], unfamiliarity: float, measures: dict[str, float], shape: tuple[int, int]
) -> None:
    total = sum(weights)
    prediction = dataclasses.replace(
        new_prediction(),
        scores={lesion: weight / total for lesion, weight in zip(LesionClass, weights, strict=True)},
        unfamiliarity=unfamiliarity,
        activation_map=np.random.default_rng(1).random(shape, np.float32),
        timings_ms=measures,
    )
    assessment = dataclasses.replace(new_assessment(), prediction=prediction)
    assert same(assessment, assessment_from_json(assessment_to_json(assessment)))


def test_no_field_is_forgotten() -> None:
    """A field that is added with a default would come back as its default, and nothing else would tell."""
    assessment = new_assessment()
    document = json.loads(assessment_to_json(assessment))
    for value, found in (
        (assessment, document),
        (assessment.prediction, document["prediction"]),
        (assessment.advice, document["advice"]),
        (assessment.advice.why[0] if assessment.advice else None, document["advice"]["why"][0]),
        (assessment.provenance, document["provenance"]),
        (assessment.provenance.camera_settings, document["provenance"]["camera_settings"]),
        (assessment.quality, document["quality"]),
    ):
        assert dataclasses.is_dataclass(value)
        assert {field.name for field in dataclasses.fields(value)} - {"frame"} == {*found} - {"format"}


def test_a_picture_s_description_comes_back() -> None:
    picture = new_examination().picture
    assert picture is not None
    for each in (picture, dataclasses.replace(picture, settings=AUTOMATIC, simulated=False)):
        assert picture_from_json(picture_to_json(each)) == each


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"outcome": "result"}'])
def test_what_was_never_written_is_damage(text: str) -> None:
    with pytest.raises(StoreDamaged):
        assessment_from_json(text)
    with pytest.raises(StoreDamaged):
        picture_from_json(text)
