"""What keeping a picture as a JPEG costs the model: each labelled picture as it is, and as it is read back.

A difference is the kiosk's own: gate, illuminant, ensemble and calibration run on both. Bytes and times are those of
12-megapixel pictures, which these are enlarged to: the pictures of a camera module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import kinds
from benchmarks.machine import this_machine
from benchmarks.rule import data_sets, ended
from benchmarks.statistics import summary_ms
from edge_models.bundle import default_bundle
from edge_models.classifier import Classifier
from edge_models.image_file import read_rgb
from edge_models.prediction import Prediction
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.frame import Frame
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.workflow.encoding import encoded

Rgb = NDArray[np.uint8]
FULL_SIZE = (4056, 3040)
DATA_SET = "isic2018_validation"


def measure(data: Path, limit: int | None = None) -> dict[str, Any]:
    """Assess every picture of the official validation twice.

    Args:
        data: as `benchmarks.rule.data_sets`.
        limit: pictures at most.

    Returns:
        A JSON document: how many pictures keep their likeliest class and how they end, the differences of
        probabilities, and bytes and milliseconds of three ways to keep a 12-megapixel picture.
    """
    bundle = default_bundle()
    pictures = data_sets(data, bundle)[DATA_SET][:limit]
    differences: list[float] = []
    same_class = same_end = 0
    sizes: dict[str, list[float]] = {name: [] for name in WAYS}
    times_ms: dict[str, list[float]] = {name: [] for name in WAYS}
    with Classifier.open(bundle, engine="cpu") as classifier, Cores() as cores:

        def said(rgb: Rgb) -> Assessment:
            now = datetime.now(UTC)
            return assess(Frame(rgb, now, "file"), classifier, cores, now=now, gate=False)

        for labelled in pictures:
            rgb = read_rgb(labelled.path)
            before, after = said(rgb), said(_decoded(encoded(Frame(rgb, datetime.now(UTC), "file"))[1]))
            first, second = (_prediction(each) for each in (before, after))
            same_class += first.top(1)[0][0] is second.top(1)[0][0]
            same_end += ended(before) == ended(after)
            differences.append(max(abs(first.probabilities[c] - second.probabilities[c]) for c in first.probabilities))
        for labelled in pictures[:12]:
            large = np.asarray(cv2.resize(read_rgb(labelled.path), FULL_SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
            for name, way in WAYS.items():
                started = perf_counter()
                sizes[name].append(float(len(way(large))))
                times_ms[name].append((perf_counter() - started) * 1e3)
    return {
        "kind": kinds.ENCODING,
        "machine": this_machine().to_json(),
        "pictures": len(pictures),
        "same_class": same_class,
        "same_end": same_end,
        "largest_difference": {f"p{share}": float(np.percentile(differences, share)) for share in (50, 95, 100)},
        "megabytes": {name: float(np.mean(each)) / 1e6 for name, each in sizes.items()},
        "encode_ms": {name: summary_ms(each) for name, each in times_ms.items()},
    }


def table(document: Mapping[str, Any]) -> str:
    """The measurement for people."""
    difference, count = document["largest_difference"], document["pictures"]
    lines = [
        f"{count} pictures: {document['same_class']} keep their likeliest class, {document['same_end']} their outcome",
        f"largest difference of a probability: p50 {difference['p50']:.4f}, p95 {difference['p95']:.4f}, "
        f"max {difference['p100']:.4f}",
    ]
    for name, megabytes in document["megabytes"].items():
        lines.append(f"{name:<16} {megabytes:5.1f} MB  {document['encode_ms'][name]['p50']:6.0f} ms at 12 megapixels")
    return "\n".join(lines)


def _prediction(said: Assessment) -> Prediction:
    found = said.prediction or said.withheld
    if found is None:
        raise RuntimeError(said.fault)
    return found


def _kept(rgb: Rgb) -> bytes:
    return encoded(Frame(rgb, datetime.now(UTC), "file"))[1]


def _smaller(rgb: Rgb) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _lossless(rgb: Rgb) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _decoded(jpeg: bytes) -> Rgb:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise RuntimeError("what was encoded is no picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


WAYS: Mapping[str, Callable[[Rgb], bytes]] = {
    "JPEG 95, 4:4:4": _kept,
    "JPEG 90, 4:2:0": _smaller,
    "PNG": _lossless,
}
"""How a picture could be kept; the first is what the kiosk does."""
