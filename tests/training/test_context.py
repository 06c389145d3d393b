"""The regression finds what is in the data, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_models.context import Context, ContextTables
from training.context import MIN_COUNT, choose_weight, damped, fit_tables

CLASSES = 3


def population(rng: np.random.Generator, count: int) -> tuple[list[Context], NDArray[np.int64]]:
    """Class 1 is frequent in the old, class 2 on the face; sex says nothing."""
    contexts, targets = [], []
    for _ in range(count):
        age, face = rng.uniform(5, 95), rng.random() < 0.3
        weights = np.array([1.0, 4.0 if age >= 60 else 0.3, 3.0 if face else 0.2])
        targets.append(rng.choice(CLASSES, p=weights / weights.sum()))
        contexts.append(Context(age, str(rng.choice(["female", "male"])), "face" if face else "back"))
    return contexts, np.array(targets, np.int64)


def test_the_tables_find_what_is_there() -> None:
    contexts, targets = population(np.random.default_rng(1), 4000)
    tables = fit_tables(contexts, targets, CLASSES)
    # the odds of class 2 against class 0 are 15 times as high on the face
    gap = np.subtract(tables.site["face"], tables.site["back"])
    assert abs((gap[2] - gap[0]) - np.log(15)) < 0.3
    assert np.abs(tables.sex["female"]).max() < 0.15
    assert tables.age[-1][1] - tables.age[-1][0] > tables.age[0][1] - tables.age[0][0] + 1.5


def test_what_a_source_is_rich_in_is_not_put_down_to_its_patients() -> None:
    """A source of faces that is rich in class 1, beside the population: the face says what it says without it."""
    contexts, targets = population(np.random.default_rng(4), 4000)
    rng = np.random.default_rng(5)
    more = [(context, label) for context, label in zip(*population(rng, 30000), strict=True) if context.site == "face"]
    kept = [pair for pair in more if rng.random() < (1.0 if pair[1] == 1 else 0.2)]
    every, labels = [*contexts, *(c for c, _ in kept)], np.array([*targets, *(label for _, label in kept)])
    odds = np.zeros((len(every), CLASSES))
    odds[len(contexts) :, 1] = np.log(5.0)
    alone, told, not_told = (
        np.subtract(tables.site["face"], tables.site["back"])
        for tables in (
            fit_tables(contexts, targets, CLASSES),
            fit_tables(every, labels, CLASSES, odds),
            fit_tables(every, labels, CLASSES),
        )
    )
    assert abs((told - alone)[1] - (told - alone)[0]) < 0.3
    assert abs((not_told - alone)[1] - (not_told - alone)[0]) > 0.6


def test_rare_words_are_treated_as_not_known() -> None:
    contexts, targets = population(np.random.default_rng(2), 300)
    contexts[: MIN_COUNT - 1] = [Context(50.0, None, "toe")] * (MIN_COUNT - 1)
    assert "toe" not in fit_tables(contexts, targets, CLASSES).site


def test_the_weight_follows_what_the_tables_are_worth() -> None:
    rng = np.random.default_rng(3)
    tables = fit_tables(*population(rng, 3000), CLASSES)
    contexts, targets = population(rng, 2000)
    prior = np.bincount(targets, minlength=CLASSES) / len(targets)
    blind = np.tile(prior, (len(targets), 1))
    assert choose_weight(tables, contexts, blind, targets) >= 0.7
    assert choose_weight(tables, contexts, blind, rng.permutation(targets)) <= 0.1


def test_damping_scales_every_row() -> None:
    tables = ContextTables((40.0,), ((1.0, 2.0), (3.0, 4.0)), {"male": (5.0, 6.0)}, {"back": (7.0, 8.0)})
    half = ContextTables((40.0,), ((0.5, 1.0), (1.5, 2.0)), {"male": (2.5, 3.0)}, {"back": (3.5, 4.0)})
    assert damped(tables, 0.5) == half
