"""A bundle's plots: what was written is read, and what is impossible is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models import bundle, plots
from edge_models.errors import BundleError
from edge_models.labels import LesionClass
from edge_models.plots import CURVES, FIGURES, Bar, Plots, parse, to_json

SHARES = st.floats(0.0, 1.0)
COUNTS = st.integers(0, 10_000)
CURVE = st.lists(SHARES, min_size=1, max_size=20).map(
    lambda points: tuple(zip(sorted(points), sorted(points), strict=True))
)
EVERY = len(LesionClass)
PLOTS = st.builds(
    Plots,
    classes=st.permutations(list(LesionClass)).map(tuple),
    pictures=COUNTS,
    lesions=COUNTS,
    curves=st.fixed_dictionaries(dict.fromkeys(CURVES, CURVE)),
    reliability=st.lists(st.builds(Bar, SHARES, SHARES, COUNTS), max_size=15).map(tuple),
    confusion=st.tuples(*[st.tuples(*[COUNTS] * EVERY)] * EVERY),
    trained_on=st.tuples(*[COUNTS] * EVERY),
    figures=st.fixed_dictionaries(dict.fromkeys(FIGURES, SHARES)),
)


@given(PLOTS)
def test_what_was_written_is_read(made: Plots) -> None:
    assert parse(to_json(made)) == made


def curves(points: list[list[float]]) -> dict[str, list[list[float]]]:
    return dict.fromkeys(CURVES, points)


def sample() -> dict[str, Any]:
    counts = [[1] * EVERY for _ in range(EVERY)]
    return {
        "classes": [lesion.code for lesion in LesionClass],
        "pictures": 2,
        "lesions": 1,
        "curves": curves([[0.0, 0.0], [0.5, 1.0], [1.0, 1.0]]),
        "reliability": [[0.9, 0.8, 2]],
        "confusion": counts,
        "trained_on": [3] * EVERY,
        "figures": dict.fromkeys(FIGURES, 0.5),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": ["mel"] * EVERY},
        {"pictures": -1},
        {"pictures": 1.5},
        {"curves": {"malignant": [[0, 0]]}},
        {"curves": curves([[0.5, 0.5], [0.4, 0.6]])},
        {"curves": curves([])},
        {"curves": curves([[0, 0]] * 201)},
        {"curves": curves([[0, 1.01]])},
        {"reliability": [[0.5, 0.5]]},
        {"confusion": [[1] * EVERY]},
        {"trained_on": [1]},
        {"figures": {}},
    ],
)
def test_what_is_impossible_is_refused(wrong: dict[str, Any]) -> None:
    assert parse(json.dumps(sample()).encode()).pictures == 2
    with pytest.raises(ValueError, match=r"plots\.json"):
        parse(json.dumps(sample() | wrong).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(sample())), inner),
    max_leaves=20,
)


@given(JSON | st.dictionaries(st.sampled_from(list(sample())), JSON).map(lambda some: sample() | some))
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        read = parse(json.dumps(document).encode())
    except ValueError:
        return
    assert parse(to_json(read)) == read


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"plots\.json"):
        parse(content)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="larger"):
        parse(b" " * (plots.MAX_BYTES + 1))


def test_a_bundle_carries_its_plots_under_its_seal(make_bundle: Callable[..., Path]) -> None:
    folder = make_bundle({})
    assert bundle.load(folder).plots is None
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    kept = {key: value for key, value in document.items() if key not in ("schema", "files", "digest")}
    (folder / plots.FILE).write_text(json.dumps(sample()), encoding="utf-8")
    bundle.seal(folder, kept)
    loaded = bundle.load(folder).plots
    assert loaded is not None
    assert loaded.lesions == 1
    (folder / plots.FILE).write_text(json.dumps(sample() | {"lesions": 2}), encoding="utf-8")
    with pytest.raises(BundleError, match="SHA-256"):
        bundle.load(folder)
    (folder / plots.FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match=r"plots\.json"):
        bundle.seal(folder, kept)
