"""Averaged weights → a full-integer .tflite that an Edge TPU could run, and what the integers cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View, crop_square
from training.dataset import Sample, read_rgb
from training.operators import check_operators


def representative_pictures(
    samples: Sequence[Sample], views: Sequence[View], size: int, count: int, seed: int
) -> NDArray[np.uint8]:
    """Training pictures through views like the published ones, for the ranges of the activations.

    Every class is drawn equally often. Two single pixels are set to black and white, so that the input's range is
    always the whole of [-1, 1] and all members quantise their input alike.

    Args:
        samples: of the training part only.
        views: that a picture is drawn one of; `quantize` gives all of `training.views.CROPS`, turned and mirrored,
            because it runs before views are chosen.
        size: side of the input in pixels.
        count: pictures to draw.
        seed: the same seed draws the same pictures and views.

    Returns:
        uint8[count, size, size, 3].
    """
    rng = np.random.default_rng(seed)
    by_class: dict[str, list[Sample]] = {}
    for sample in samples:
        by_class.setdefault(sample.label.code, []).append(sample)
    classes = sorted(by_class)
    pictures = []
    for number in range(count):
        members = by_class[classes[number % len(classes)]]
        view = views[int(rng.integers(len(views)))]
        pictures.append(crop_square(read_rgb(members[int(rng.integers(len(members)))].path), view, size))
    stacked = np.stack(pictures)
    stacked[0, 0, 0], stacked[0, 0, 1] = 0, 255
    return stacked


def quantize(model: Any, representative: NDArray[np.uint8]) -> bytes:
    """Convert to full int8: weights per channel, activations by the range seen, int8 input and outputs.

    Args:
        model: what `training.deploy.fold` gave.
        representative: uint8[N, S, S, 3].

    Returns:
        The .tflite file's bytes.

    Raises:
        TrainingError: the result is not what an Edge TPU takes.
    """
    import tensorflow as tf

    def feed() -> Iterator[list[NDArray[np.float32]]]:
        for picture in representative:
            yield [picture[np.newaxis].astype(np.float32) / 127.5 - 1.0]

    with TemporaryDirectory() as folder:
        signature = [tf.TensorSpec(model.inputs[0].shape, tf.float32)]  # else the batch is left open
        model.export(folder, format="tf_saved_model", verbose=False, input_signature=signature)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = feed
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        content = bytes(converter.convert())
    check_operators(content)
    return content
