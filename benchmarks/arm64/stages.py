"""Runs in the arm64 tree under the counting plugin: `stages.py FRAME.npy ANCHOR.tflite`.

Marks where each stage of an assessment begins and ends; each runs once before it is counted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from benchmarks.arm64.counts import STAGES
from edge_models.classifier import Classifier
from edge_models.preprocess import reduced
from kiosk.pipeline.quality import LEAST_SIDE_PX, check

_MARK = 1_000_000  # counter.c's


@contextmanager
def counted(stage: int) -> Iterator[None]:
    """Mark where the stage of that number begins and ends: marks 2 n and 2 n + 1."""
    _mark(2 * stage)
    yield
    _mark(2 * stage + 1)


def _mark(number: int) -> None:
    with suppress(OSError):  # no such file, which is the point
        os.close(_MARK + number)


def main(frame: Path, anchor: Path) -> None:
    """Run every stage once unmarked, then once between its marks.

    Args:
        frame: a .npy file of uint8[height, width, 3].
        anchor: the .tflite file of the network whose times are published.
    """
    cv2.setNumThreads(1)
    rgb = np.load(frame)
    published = Interpreter(model_path=str(anchor), num_threads=1)
    published.allocate_tensors()
    with Classifier.open(engine="cpu", threads=1) as classifier:
        manifest = classifier.bundle.manifest
        # as `kiosk.pipeline.assess.assess` does it: gate and model look at the same small copy
        views, sizes = manifest.views, manifest.input_sizes_px
        small = reduced(rgb, views, sizes, LEAST_SIDE_PX)
        batches = classifier.prepare(small)
        stages: dict[str, Callable[[], object]] = {
            "reduce": lambda: reduced(rgb, views, sizes, LEAST_SIDE_PX),
            "quality": lambda: check(small),
            "preprocess": lambda: classifier.prepare(small),
            "invoke": lambda: classifier.interpreter.invoke(batches),
            "classify": lambda: classifier.classify(small),
            "frame_copy": rgb.copy,
            "anchor": published.invoke,
        }
        for number, name in enumerate(STAGES):
            stages[name]()
            with counted(number):
                stages[name]()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
