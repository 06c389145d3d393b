"""Runs in the arm64 tree under the counting plugin: `stages.py FRAME.npy`; marks where each stage begins and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

from edge_models.classifier import Classifier
from edge_models.preprocess import model_input
from kiosk.quality import check

_MARK = 1_000_000  # counter.c's


@contextmanager
def counted(stage: int) -> Iterator[None]:
    _mark(2 * stage)
    yield
    _mark(2 * stage + 1)


def _mark(number: int) -> None:
    with suppress(OSError):  # no such file, which is the point
        os.close(_MARK + number)


def main(frame: Path) -> None:
    cv2.setNumThreads(1)
    rgb = np.load(frame)
    with Classifier.open(engine="cpu", threads=1) as classifier:
        manifest, inputs = classifier.bundle.manifest, classifier.interpreter.input_quantisation
        batch = model_input(rgb, manifest.views, manifest.input_size_px, inputs.scale, inputs.zero_point)
        stages: tuple[Callable[[], object], ...] = (
            lambda: check(rgb),
            lambda: model_input(rgb, manifest.views, manifest.input_size_px, inputs.scale, inputs.zero_point),
            lambda: classifier.interpreter.invoke(batch),
            lambda: classifier.classify(rgb),
            rgb.copy,
        )
        for number, stage in enumerate(stages):
            stage()
            with counted(number):
                stage()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
