"""Preprocess, quality, invoke and the whole assessment of a 12-megapixel picture, each over the floor under it.

The floor is what the assessment cannot do without: a plain LiteRT interpreter with all cores invoked once for every
member and view. `make bench` prints the ratio; results keep the raw samples.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from edge_models.classifier import Classifier
from edge_models.preprocess import model_input
from kiosk.assessment import Outcome, assess
from kiosk.frame import Frame
from kiosk.quality import check

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def batch(classifier: Classifier, frame: Frame) -> NDArray[np.int8]:
    manifest, inputs = classifier.bundle.manifest, classifier.interpreter.input_quantisation
    return model_input(frame.rgb, manifest.views, manifest.input_size_px, inputs.scale, inputs.zero_point)


def bare_invokes(classifier: Classifier, batch: NDArray[np.int8]) -> Callable[[], None]:
    """A function that runs every view through every member on plain interpreters with as many threads as cores."""
    interpreters = []
    for content in classifier.bundle.member_bytes:
        interpreter = Interpreter(model_content=content, num_threads=len(os.sched_getaffinity(0)))
        interpreter.allocate_tensors()
        interpreters.append((interpreter, interpreter.get_input_details()[0]["index"]))

    def run() -> None:
        for interpreter, index in interpreters:
            for view in batch:
                interpreter.set_tensor(index, view[None])
                interpreter.invoke()

    return run


def test_preprocess(benchmark: BenchmarkFixture, classifier: Classifier, frame: Frame) -> None:
    manifest, inputs = classifier.bundle.manifest, classifier.interpreter.input_quantisation
    result = benchmark(model_input, frame.rgb, manifest.views, manifest.input_size_px, inputs.scale, inputs.zero_point)
    assert len(result) == len(manifest.views)


def test_quality(benchmark: BenchmarkFixture, frame: Frame) -> None:
    assert not benchmark(check, frame.rgb).reasons


def test_bare_invokes(benchmark: BenchmarkFixture, classifier: Classifier, batch: NDArray[np.int8]) -> None:
    benchmark(bare_invokes(classifier, batch))


def test_invoke(benchmark: BenchmarkFixture, classifier: Classifier, batch: NDArray[np.int8]) -> None:
    assert benchmark(classifier.interpreter.invoke, batch).logits.shape[1] == len(batch)


def test_assess(benchmark: BenchmarkFixture, classifier: Classifier, frame: Frame, batch: NDArray[np.int8]) -> None:
    """The whole assessment; the floor is measured in turns with it, so that a busy machine slows both."""
    floor = bare_invokes(classifier, batch)
    ratios = []
    for _ in range(20):
        started = perf_counter()
        floor()
        between = perf_counter()
        assess(frame, classifier, now=NOW, gate=False)
        ratios.append((perf_counter() - between) / (between - started))
    benchmark.extra_info["assess_over_bare_invokes"] = {
        "p50": float(np.median(ratios)),
        "min": min(ratios),
        "max": max(ratios),
    }
    assert benchmark(assess, frame, classifier, now=NOW, gate=False).outcome is Outcome.RESULT
