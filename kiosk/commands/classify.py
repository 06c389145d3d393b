"""`dermakiosk classify`: image files through the kiosk's own pipeline, for engineers and scripts."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import Classifier
from edge_models.errors import EngineFailed, ImageUnreadable
from edge_models.image_file import read_rgb
from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass
from edge_models.picture_names import FIRST_BYTES, SUFFIXES, UNREAD_SUFFIXES, image_id, unread_format
from kiosk.clinical.frame import Frame
from kiosk.clinical.patient import Examination
from kiosk.commands.progress import Progress
from kiosk.errors import KioskError
from kiosk.pipeline.assess import Assessment, Outcome, assess

FORMATS = ("table", "json", "isic")


@dataclass(frozen=True, eq=False)
class Row:
    """One image and what came of it.

    Attributes:
        path: as the operator named it, or below the folder that was named.
        model_id: of the bundle that was loaded, whether it was used or not.
        engine: the same of the engine, in words.
        decode_ms: what reading the file took.
    """

    path: Path
    assessment: Assessment
    model_id: str
    engine: str
    decode_ms: float


def find_images(paths: Sequence[Path]) -> tuple[list[Path], list[ImageUnreadable]]:
    """The images to classify, and what is wrong with the rest.

    A file is taken as it is, whatever its name. Of a folder the images right in it are taken, sorted by name, and not
    those of folders in it.
    """
    images: list[Path] = []
    problems: list[ImageUnreadable] = []
    for path in paths:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            problems.append(ImageUnreadable(f"{path} cannot be read ({error.strerror})", "Check its permissions"))
            continue
        found = [file for file in inside if file is path or _is_image_name(file)]
        if not found:
            problems.append(ImageUnreadable(f"{path} holds no images", f"Name a folder of {_suffixes()} files"))
        images += found
    return images, problems


def passed_over(paths: Sequence[Path]) -> str | None:
    """One line on the pictures right in folders that are in formats which are not read; None where there are none."""
    formats = Counter(kind for path in paths for kind in _unread_formats(path))
    if not formats:
        return None
    count = formats.total()
    kinds = ", ".join(f"{number} {kind}" for kind, number in formats.most_common())
    return (
        f"{count} picture{'s' if count > 1 else ''} passed over in formats that are not read: {kinds}. "
        f"Save {'them' if count > 1 else 'it'} as JPEG, PNG or TIFF."
    )


def check_told_apart(images: Sequence[Path]) -> None:
    """Check that no two images would be one in an ISIC submission, which has file names without endings only.

    Raises:
        KioskError: two would; names both.
    """
    seen: dict[str, Path] = {}
    for image in images:
        name = image_id(image.name)
        if name in seen:
            raise KioskError(
                f"{seen[name]} and {image} would both be {name} in a submission",
                "Classify their folders one by one, or give each a name of its own",
            )
        seen[name] = image


def classify_files(
    images: Sequence[Path],
    classifier: Classifier,
    *,
    gate: bool,
    examinations: Mapping[Path, Examination],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Row | ImageUnreadable]:
    """Assess image files in order, one row or one problem for each.

    Args:
        gate: False classifies whatever the quality gate says.
        examinations: what is known of the patients, by image.
    """
    model_id = classifier.bundle.manifest.model_id
    for path, (rgb, decode_ms) in _decoded(images):
        if isinstance(rgb, ImageUnreadable):
            yield rgb
            continue
        examination = examinations.get(path)
        frame = Frame(rgb, clock(), f"file {path.name}")
        assessment = assess(
            frame, classifier, now=clock(), context=examination.context() if examination else None, gate=gate
        )
        yield Row(path, assessment, model_id, str(classifier.interpreter.describe()), decode_ms)


def run(
    images: Sequence[Path],
    problems: Sequence[ImageUnreadable],
    classifier: Classifier,
    *,
    style: str,
    gate: bool,
    examinations: Mapping[Path, Examination],
) -> int:
    """Classify, print every row as soon as it is there, name unreadable files on stderr.

    Args:
        problems: what `find_images` complained of.
        style: one of `FORMATS`. With "isic" every readable image has a row, so the gate says nothing there.

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
        _print(line)
    rows = classify_files(images, classifier, gate=gate and style != "isic", examinations=examinations)
    for row in rows:
        if isinstance(row, ImageUnreadable):
            unreadable += 1
            progress.note(str(row))
        else:
            with progress.hidden():
                if row.assessment.outcome is not Outcome.DEVICE_FAULT or style == "json":
                    _print(_WRITERS[style](row, width))
            if row.assessment.outcome is Outcome.DEVICE_FAULT:
                raise EngineFailed(f"{row.path}: {row.assessment.fault}")
        progress.advance()
    progress.close()
    return 1 if unreadable else 0


def json_line(row: Row) -> str:
    """One JSON object: `top3` are class codes, likeliest first; null where the outcome shows no prediction."""
    prediction = row.assessment.prediction
    timings = {"decode": row.decode_ms, **row.assessment.timings_ms}
    document: dict[str, Any] = {
        "image": str(row.path),
        "outcome": row.assessment.outcome.value,
        "reasons": [reason.value for reason in row.assessment.reasons],
        "probabilities": None if prediction is None else _by_code(prediction.probabilities),
        "scores": None if prediction is None else _by_code(prediction.scores),
        "top3": None if prediction is None else [lesion.code for lesion, _ in prediction.top(3)],
        "timings_ms": {stage: round(milliseconds, 3) for stage, milliseconds in timings.items()},
        "model_id": row.model_id,
        "engine": row.engine,
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
        classes = "   ".join(f"{lesion.code:<5} {p:6.1%}" for lesion, p in assessment.prediction.top(3))
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


def _is_image_name(file: Path) -> bool:
    # os.path's isdir and isfile say no where Path's raise, as for a link to a name that is too long
    return file.suffix.lower() in SUFFIXES and not _is_hidden(file) and not os.path.isdir(file)  # noqa: PTH112


def _is_hidden(file: Path) -> bool:
    return file.name.startswith(".")


def _unread_formats(folder: Path) -> Iterator[str]:
    """The format of every picture right in a folder that is in none that is read."""
    try:
        inside = list(folder.iterdir())
    except OSError:  # not a folder, or what `find_images` complains of
        return
    for file in inside:
        if file.suffix.lower() in SUFFIXES or _is_hidden(file) or not os.path.isfile(file):  # noqa: PTH113
            continue
        first = b""
        if file.suffix.lower() not in UNREAD_SUFFIXES:
            with suppress(OSError), file.open("rb") as stream:
                first = stream.read(FIRST_BYTES)
        if (kind := unread_format(file.name, first)) is not None:
            yield kind


def _suffixes() -> str:
    return ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))


def _by_code(values: Mapping[LesionClass, float]) -> dict[str, float]:
    return {lesion.code: value for lesion, value in values.items()}


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
