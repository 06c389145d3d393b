"""Percentiles and ratios against NumPy and against changes that were planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.statistics import LEAST_SAMPLES, ratio, summary_ms

latencies = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=50)


@given(latencies)
def test_the_summary_is_numpys(samples: list[float]) -> None:
    summary = summary_ms(samples)
    wanted = np.quantile(samples, (0.5, 0.95, 0.99, 1.0))
    assert [summary[name] for name in ("p50", "p95", "p99", "max")] == pytest.approx(list(wanted))
    assert summary["mean"] == pytest.approx(sum(samples) / len(samples))


def test_nothing_measured_has_no_summary() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        summary_ms([])


def run_of(count: int, seed: int, slower: float = 1.0) -> list[float]:
    """Latencies with a spell of a busy machine and a long tail, as real ones have."""
    rng = np.random.default_rng(seed)
    samples = 100 + rng.gamma(2.0, 4.0, count)
    samples[count // 3 : count // 3 + count // 10] += 15
    return [float(sample) * slower for sample in samples]


def test_the_ratio_is_of_the_percentiles_and_lies_in_its_interval() -> None:
    before, after = run_of(100, 1), run_of(100, 2, 1.3)
    for percentile in (50, 95):
        found = ratio(before, after, percentile)
        assert found.value == pytest.approx(np.percentile(after, percentile) / np.percentile(before, percentile))
        assert found.low <= found.value <= found.high


def test_the_interval_holds_no_change_when_there_is_none_and_the_planted_one_when_there_is() -> None:
    misses = 0
    for seed in range(40):
        same = ratio(run_of(100, 2 * seed), run_of(100, 2 * seed + 1), 50)
        slower = ratio(run_of(100, 2 * seed), run_of(100, 2 * seed + 1, 1.1), 50)
        assert slower.low > 1.0, "a planted 10 % is not noise"
        misses += not same.low <= 1.0 <= same.high
    assert misses <= 6  # a 95 % interval misses 2 of 40


def test_the_same_samples_give_the_same_interval() -> None:
    before, after = run_of(50, 1), run_of(50, 2)
    assert ratio(before, after, 95) == ratio(before, after, 95)


@pytest.mark.parametrize(
    ("before", "message"), [([1.0] * (LEAST_SAMPLES - 1), "at least"), ([0.0] * LEAST_SAMPLES, "positive")]
)
def test_too_few_or_impossible_latencies_have_no_ratio(before: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ratio(before, [1.0] * LEAST_SAMPLES, 50)
