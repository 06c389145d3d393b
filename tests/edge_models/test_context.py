"""What age, sex and site add: read back as written, nothing where nothing is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.context import Context, ContextTables

CLASSES = 3
row = st.tuples(*[st.floats(-5, 5)] * CLASSES)
tables = st.lists(st.floats(1, 110), unique=True, max_size=4).flatmap(
    lambda edges: st.builds(
        ContextTables,
        age_edges_years=st.just(tuple(sorted(edges))),
        age=st.lists(row, min_size=len(edges) + 1, max_size=len(edges) + 1).map(tuple),
        sex=st.dictionaries(st.sampled_from(["female", "male"]), row),
        site=st.dictionaries(st.sampled_from(["back", "face", "foot"]), row),
    )
)


@given(tables)
def test_what_is_written_is_read_back(written: ContextTables) -> None:
    assert ContextTables.from_json(json.loads(json.dumps(written.to_json())), CLASSES) == written


@given(tables)
def test_what_is_not_known_adds_nothing(given_tables: ContextTables) -> None:
    nothing = Context(sex="unknown", site="elsewhere")
    assert not given_tables.log_odds(nothing, CLASSES).any()
    assert not given_tables.use(nothing)


@given(tables)
def test_what_is_known_is_used(given_tables: ContextTables) -> None:
    assert given_tables.use(Context(age_years=40.0))
    for word in given_tables.sex:
        assert given_tables.use(Context(sex=word))
    for word in given_tables.site:
        assert given_tables.use(Context(site=word, sex="unknown"))


def test_the_bands_and_words_add_up() -> None:
    given_tables = ContextTables((40.0,), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), {"male": (0.0, 0.0, 5.0)}, {})
    assert given_tables.log_odds(Context(age_years=39.9), CLASSES).tolist() == [1.0, 0.0, 0.0]
    assert given_tables.log_odds(Context(age_years=40), CLASSES).tolist() == [0.0, 1.0, 0.0]
    assert given_tables.log_odds(Context(age_years=0, sex="male"), CLASSES).tolist() == [1.0, 0.0, 5.0]


@pytest.mark.parametrize(
    "change",
    [
        {"age_edges_years": [50, 40]},
        {"age": [[0, 0, 0]]},
        {"sex": {"male": [1, 2]}},
        {"site": {"back": [0, 0, float("nan")]}},
    ],
)
def test_impossible_tables_are_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"age_edges_years": [40], "age": np.zeros((2, 3)).tolist(), "sex": {}, "site": {}}
    assert ContextTables.from_json(good, CLASSES)
    with pytest.raises(ValueError, match=r"must"):
        ContextTables.from_json(good | change, CLASSES)
