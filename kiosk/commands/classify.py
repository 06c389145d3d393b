"""`dermakiosk classify`: image files through the kiosk's own pipeline, for engineers and scripts."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import Classifier
from edge_models.context import Context
from edge_models.errors import EngineFailed, ImageUnreadable
from edge_models.image_file import read_rgb
from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass
from edge_models.triage import Advice
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.frame import Frame
from kiosk.clinical.scope import limits_of_context
from kiosk.commands.console import put
from kiosk.commands.images import check_told_apart, find_images, passed_over
from kiosk.commands.metadata import read_metadata
from kiosk.commands.progress import Progress
from kiosk.config import load, override
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.text import percent

FORMATS = ("table", "json", "isic")


@dataclass(frozen=True, eq=False)
class Row:
    """One image and what came of it.

    Attributes:
        path: as the operator named it, or below the folder that was named.
        decode_ms: what reading the file took.
    """

    path: Path
    assessment: Assessment
    decode_ms: float


def classify_files(
    images: Sequence[Path],
    classifier: Classifier,
    *,
    gate: bool,
    contexts: Mapping[Path, Context],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Row | ImageUnreadable]:
    """Assess image files in order, one row or one problem for each.

    Args:
        images: files, in the order of their rows.
        classifier: stays open.
        gate: False classifies whatever the quality gate says.
        contexts: what is known of the patients, by image.
        clock: dates the frames and the assessments.
    """
    with Cores() as cores:
        for path, (rgb, decode_ms) in _decoded(images):
            if isinstance(rgb, ImageUnreadable):
                yield rgb
                continue
            frame = Frame(rgb, clock(), f"file {path.name}")
            context = contexts.get(path)
            limits = limits_of_context(context) if context else ()
            assessment = assess(frame, classifier, cores, now=clock(), context=context, limits=limits, gate=gate)
            yield Row(path, assessment, decode_ms)


def run(options: argparse.Namespace) -> int:
    """Classify what was named on the command line.

    Args:
        options: `paths`, `format`, `no_gate`, and `config`, `engine` and `metadata`, None where they were not given.

    Returns:
        The exit code, as `print_rows`.
    """
    config = load(options.config)
    if options.engine is not None:
        config = override(config, "model", "engine", options.engine, "--engine")
    logging.basicConfig(level=logging.WARNING, format="dermakiosk: %(message)s")
    metadata = read_metadata(options.metadata) if options.metadata else None
    images, problems = find_images(options.paths)
    contexts = metadata.of(images) if metadata else {}
    if options.format == "isic":
        check_told_apart(images)
    log = logging.getLogger()
    if (line := passed_over(options.paths)) is not None:
        log.warning("%s", line)
    if metadata and metadata.unused:
        log.warning("%s: nothing is read from %s", metadata.path, ", ".join(metadata.unused))
    model = config.model
    with Classifier.open(model.bundle, model.engine, model.threads, use_context=model.use_context) as classifier:
        if metadata and metadata.contexts:
            used = "" if classifier.bundle.manifest.context else ", but no use is made of it"
            known = sum(image in contexts for image in images)
            log.warning("%s knows %d of %d images%s", metadata.path, known, len(images), used)
        gate = not options.no_gate
        return print_rows(images, problems, classifier, style=options.format, gate=gate, contexts=contexts)


def print_rows(
    images: Sequence[Path],
    problems: Sequence[ImageUnreadable],
    classifier: Classifier,
    *,
    style: str,
    gate: bool,
    contexts: Mapping[Path, Context],
) -> int:
    """Classify, print every row as soon as it is there, name unreadable files on stderr.

    Args:
        images: files, in the order of their rows.
        problems: what `find_images` complained of.
        classifier: stays open.
        style: one of `FORMATS`. With "isic" every readable image has a row, so the gate says nothing there.
        gate: False classifies whatever the quality gate says.
        contexts: what is known of the patients, by image.

    Returns:
        The exit code: 0, or 1 if anything was unreadable.

    Raises:
        EngineFailed: the engine gave up; the rows before it were printed.
    """
    progress = Progress(len(images), sys.stderr)
    for problem in problems:
        progress.note(str(problem))
    unreadable = len(problems)
    width = max((len(path.name) for path in images), default=0)
    for line in _HEADERS[style](width):
        put(line)
    rows = classify_files(images, classifier, gate=gate and style != "isic", contexts=contexts)
    for row in rows:
        if isinstance(row, ImageUnreadable):
            unreadable += 1
            progress.note(str(row))
        else:
            with progress.hidden():
                if row.assessment.outcome is not Outcome.DEVICE_FAULT or style == "json":
                    put(_WRITERS[style](row, width))
            if row.assessment.outcome is Outcome.DEVICE_FAULT:
                raise EngineFailed(f"{row.path}: {row.assessment.fault}")
        progress.advance()
    progress.close()
    return 1 if unreadable else 0


def json_line(row: Row) -> str:
    """One JSON object: `top3` are class codes, likeliest first; null where the outcome shows no prediction.

    `advice` is null where none is given. Of a model that is unsure but refers it holds the level and no class.
    """
    prediction, advice = row.assessment.prediction, row.assessment.advice
    timings = {"decode": row.decode_ms, **row.assessment.timings_ms}
    document: dict[str, Any] = {
        "image": str(row.path),
        "outcome": row.assessment.outcome.value,
        "reasons": [reason.value for reason in row.assessment.reasons],
        "outside": [limit.value for limit in row.assessment.limits],
        "probabilities": None if prediction is None else _by_code(prediction.probabilities),
        "scores": None if prediction is None else _by_code(prediction.scores),
        "top3": None if prediction is None else [lesion.code for lesion, _ in prediction.top(3)],
        "advice": None if advice is None else _advice(advice),
        "malignant": None if advice is None else advice.malignant,
        "timings_ms": {stage: round(milliseconds, 3) for stage, milliseconds in timings.items()},
        "model_id": row.assessment.provenance.model_id,
        "engine": str(row.assessment.provenance.engine),
    }
    return json.dumps(document, ensure_ascii=True, allow_nan=False)


def isic_line(row: Row) -> str:
    """A row of an ISIC 2018 Task 3 submission: the scores under equal class priors."""
    prediction = row.assessment.prediction
    if prediction is None:
        raise ValueError("a submission has scores for every image: assess without the gate")
    return ",".join([_csv_field(row.path.stem), *(f"{prediction.scores[lesion]:.8f}" for lesion in ISIC_COLUMN_ORDER)])


def table_line(row: Row, width: int) -> str:
    """A line for people."""
    assessment = row.assessment
    classes = ""
    if assessment.prediction is not None:
        classes = "   ".join(f"{lesion.code:<5} {percent(p):>6}" for lesion, p in assessment.prediction.top(3))
    reasons = ", ".join(reason.value.replace("_", " ") for reason in assessment.reasons)
    outcome = assessment.outcome.value.replace("_", " ")
    return f"{_printable(row.path.name):<{width}}  {outcome:<9}  {classes:<42}  {reasons}".rstrip()


_HEADERS: Mapping[str, Callable[[int], list[str]]] = {
    "table": lambda width: [f"{'image':<{width}}  {'outcome':<9}  {'most likely (probability)':<42}  reasons"],
    "json": lambda _width: [],
    "isic": lambda _width: [",".join(["image", *(lesion.isic for lesion in ISIC_COLUMN_ORDER)])],
}
_WRITERS: Mapping[str, Callable[[Row, int], str]] = {
    "table": table_line,
    "json": lambda row, _width: json_line(row),
    "isic": lambda row, _width: isic_line(row),
}


_Decoded = tuple[NDArray[np.uint8] | ImageUnreadable, float]


def _decoded(images: Sequence[Path]) -> Iterator[tuple[Path, _Decoded]]:
    """Every image with its pixels, the next one being read while the last is used."""
    with ThreadPoolExecutor(1, "decode") as reader:
        ahead: Future[_Decoded] | None = None
        for index, path in enumerate(images):
            current = ahead or reader.submit(_decode, path)
            decoded = current.result()
            ahead = reader.submit(_decode, images[index + 1]) if index + 1 < len(images) else None
            yield path, decoded


def _decode(path: Path) -> _Decoded:
    started = perf_counter()
    try:
        rgb: NDArray[np.uint8] | ImageUnreadable = read_rgb(path)
    except ImageUnreadable as error:
        rgb = error
    return rgb, (perf_counter() - started) * 1e3


def _advice(advice: Advice) -> dict[str, Any]:
    """Classes by their code, likeliest first; `why` names for every class in `named` what it reached."""
    return {
        "level": advice.level.value,
        "named": [lesion.code for lesion in advice.named],
        "cannot_exclude": [lesion.code for lesion in advice.cannot_exclude],
        "why": [
            {
                "class": ground.lesion.code,
                "probability": ground.probability,
                "threshold": ground.threshold,
                "level": ground.level.value,
            }
            for ground in advice.why
        ],
    }


def _by_code(values: Mapping[LesionClass, float]) -> dict[str, float]:
    return {lesion.code: value for lesion, value in values.items()}


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]
