"""Reduction, quality, preprocess, invoke and the whole assessment of a 12-megapixel picture, each over its floor.

The floor of the assessment is what it cannot do without: a plain LiteRT interpreter with all cores invoked once for
every member and view. The floor of what only reads the picture is one copy of it. `make bench` prints the ratios.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.turns import RecordRatio
from edge_models.bundle import Bundle
from edge_models.classifier import Classifier
from edge_models.engine import Batches
from edge_models.interpreter import CpuInterpreter
from edge_models.preprocess import reduced
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.frame import Frame
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.pipeline.quality import LEAST_SIDE_PX, check

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VIEWS = (1, 2, 4, 8)
MEMBERS = (1, 2, 3)
MEGAPIXELS = (0.27, 2, 8, 12, 24)


@pytest.fixture(scope="session")
def cores() -> Iterator[Cores]:
    """All cores of this machine, held for the whole run as a station holds them."""
    with Cores() as entered:
        yield entered


@pytest.fixture(scope="session")
def batches(classifier: Classifier, frame: Frame) -> Batches:
    """int8[views, size, size, 3] for every member, made once."""
    return classifier.prepare(frame.rgb)


@pytest.fixture(scope="session")
def bare_invokes(classifier: Classifier, batches: Batches) -> Callable[[], None]:
    """Runs every view through every member on plain interpreters with as many threads as cores."""
    return bare(classifier.bundle, batches)


def bare(bundle: Bundle, batches: Batches) -> Callable[[], None]:
    """What `bare_invokes` runs, for any bundle and its batches."""
    interpreters = []
    for content in bundle.member_bytes:
        interpreter = Interpreter(model_content=content, num_threads=len(os.sched_getaffinity(0)))
        interpreter.allocate_tensors()
        interpreters.append((interpreter, interpreter.get_input_details()[0]["index"]))

    def run() -> None:
        for (interpreter, index), batch in zip(interpreters, batches, strict=True):
            for view in batch:
                interpreter.set_tensor(index, view[None])
                interpreter.invoke()

    return run


def resized(frame: Frame, megapixels: float) -> Frame:
    """The same picture with about so many megapixels, its sides multiples of 8."""
    scale = (megapixels * 1e6 / frame.rgb[..., 0].size) ** 0.5
    size = (8 * round(frame.width_px * scale / 8), 8 * round(frame.height_px * scale / 8))
    return Frame(np.asarray(cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA), np.uint8), NOW, frame.source)


def test_reduce(benchmark: BenchmarkFixture, classifier: Classifier, frame: Frame, record_ratio: RecordRatio) -> None:
    """The central square, halved for gate and model, on one core, over one copy of the picture."""
    manifest = classifier.bundle.manifest
    work = partial(reduced, frame.rgb, manifest.views, manifest.input_sizes_px, LEAST_SIDE_PX)
    record_ratio(work, frame.rgb.copy)
    assert len(benchmark(work)) < frame.height_px


def test_quality(benchmark: BenchmarkFixture, frame: Frame, record_ratio: RecordRatio) -> None:
    """The quality gate on the full picture, over one copy of it."""
    work = partial(check, frame.rgb)
    record_ratio(work, frame.rgb.copy)
    assert not benchmark(work).reasons


def test_preprocess(
    benchmark: BenchmarkFixture, classifier: Classifier, frame: Frame, record_ratio: RecordRatio
) -> None:
    """Every view for every member from the full picture, over one copy of it."""
    work = partial(classifier.prepare, frame.rgb)
    record_ratio(work, frame.rgb.copy)
    assert len(benchmark(work)) == len(classifier.bundle.manifest.members)


def test_bare_invokes(benchmark: BenchmarkFixture, bare_invokes: Callable[[], None]) -> None:
    """The floor itself, in milliseconds of this machine."""
    benchmark(bare_invokes)


def test_invoke(
    benchmark: BenchmarkFixture,
    classifier: Classifier,
    batches: Batches,
    bare_invokes: Callable[[], None],
    record_ratio: RecordRatio,
) -> None:
    """The engine with all its members and views, over the bare invokes in it."""
    work = partial(classifier.interpreter.invoke, batches)
    record_ratio(work, bare_invokes)
    assert benchmark(work).logits.shape[1] == len(batches[0])


@pytest.mark.parametrize("megapixels", MEGAPIXELS)
def test_assess(
    benchmark: BenchmarkFixture,
    classifier: Classifier,
    frame: Frame,
    cores: Cores,
    bare_invokes: Callable[[], None],
    record_ratio: RecordRatio,
    megapixels: float,
) -> None:
    """The whole assessment by the size of the picture, over the bare invokes it contains."""
    work = partial(assess, resized(frame, megapixels), classifier, cores, now=NOW, gate=False)
    record_ratio(work, bare_invokes)
    assert benchmark(work).outcome is Outcome.RESULT


@pytest.mark.parametrize("members", MEMBERS)
def test_assess_members(
    benchmark: BenchmarkFixture,
    classifier: Classifier,
    frame: Frame,
    batches: Batches,
    cores: Cores,
    record_ratio: RecordRatio,
    members: int,
) -> None:
    """The whole assessment by the number of members (the first one, so many times), over the bare invokes in it."""
    bundle = repeated(classifier.bundle, members)
    several = Classifier(bundle, CpuInterpreter(bundle))
    work = partial(assess, frame, several, cores, now=NOW, gate=False)
    record_ratio(work, bare(bundle, [batches[0]] * members))
    assert benchmark(work).outcome is Outcome.RESULT
    several.close()


@pytest.mark.parametrize("views", VIEWS)
def test_views(
    benchmark: BenchmarkFixture,
    classifier: Classifier,
    batches: Batches,
    bare_invokes: Callable[[], None],
    record_ratio: RecordRatio,
    views: int,
) -> None:
    """Inference by the number of views, over all that the released bundle has."""
    some = [np.ascontiguousarray(np.resize(batch, (views, *batch.shape[1:]))) for batch in batches]
    work = partial(classifier.interpreter.invoke, some)
    record_ratio(work, bare_invokes)
    assert benchmark(work).logits.shape[1] == views


@pytest.mark.parametrize("members", MEMBERS)
def test_members(
    benchmark: BenchmarkFixture,
    classifier: Classifier,
    batches: Batches,
    bare_invokes: Callable[[], None],
    record_ratio: RecordRatio,
    members: int,
) -> None:
    """Inference by the number of members: the first one, so many times."""
    interpreter = CpuInterpreter(repeated(classifier.bundle, members))
    work = partial(interpreter.invoke, [batches[0]] * members)
    record_ratio(work, bare_invokes)
    assert benchmark(work).logits.shape[0] == members
    interpreter.close()


def repeated(bundle: Bundle, members: int) -> Bundle:
    """A bundle whose members are all the first one of another."""
    names = tuple(f"{number}.tflite" for number in range(members))
    return replace(
        bundle,
        manifest=replace(bundle.manifest, members=names, input_sizes_px=bundle.manifest.input_sizes_px[:1] * members),
        member_bytes=bundle.member_bytes[:1] * members,
    )
