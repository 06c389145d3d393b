"""Averaged weights → a full-integer .tflite that an Edge TPU could run, and what the integers cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View, crop_square
from training.dataset import Sample, read_rgb
from training.errors import TrainingError

EDGE_TPU_OPERATIONS = frozenset({"ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "PAD", "RESHAPE"})
"""Of coral.ai's list of supported operations those that this network needs; another one is a mistake in the export."""
MAX_BYTES = 4 * 2**20


def representative_pictures(
    samples: Sequence[Sample], views: Sequence[View], size: int, count: int, seed: int
) -> NDArray[np.uint8]:
    """Training pictures through the published views, for the ranges of the activations.

    Every class is drawn equally often. Two single pixels are set to black and white, so that the input's range is
    always the whole of [-1, 1] and all members quantise their input alike.

    Args:
        samples: of the training part only.

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
    check_integer(content)
    return content


def check_integer(content: bytes) -> None:
    """Make sure that a .tflite file is full integer, has constant shapes and only operations of `EDGE_TPU_OPERATIONS`.

    Raises:
        TrainingError: it is not.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(content, 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    used = {names[model.OperatorCodes(index).BuiltinCode()] for index in range(model.OperatorCodesLength())}
    if not used <= EDGE_TPU_OPERATIONS:
        raise TrainingError(f"the network uses {', '.join(sorted(used - EDGE_TPU_OPERATIONS))}, not for an Edge TPU")
    graph = model.Subgraphs(0)
    integers = {schema.TensorType.INT8, schema.TensorType.INT32}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        if tensor.Type() not in integers:
            raise TrainingError(f"tensor {tensor.Name().decode()} is not an integer")
        if tensor.ShapeSignatureLength() and (tensor.ShapeSignatureAsNumpy() < 0).any():
            raise TrainingError(f"tensor {tensor.Name().decode()} has no constant shape")
    if len(content) > MAX_BYTES:
        raise TrainingError(f"the network has {len(content)} bytes, more than {MAX_BYTES}")
