"""Float weights of a released member, out of its int8 file: its checkpoint may be lost, what it learnt is not.

A full-int8 .tflite holds every kernel on a grid of 127 levels a channel, and its biases in 32 bits, BatchNorm folded
in. `folded_weights` reads them; `unfolded` gives every convolution its BatchNorm back, so that the network computes the
same and can be trained on: kernels with outputs of variance 1, and what a channel's mean and scale were in BatchNorm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View
from edge_models.runtime import runtime
from training import member_weights
from training.config import ModelConfig
from training.dataset import Sample
from training.errors import RunError
from training.layers import HEAD, convolutions
from training.quantize import representative_pictures
from training.views import CROPS, make_views

_SMALLEST = 0.05
"""Of a layer's median deviation: a channel that hardly varies is scaled by this instead of its own."""


PICTURES = 96
"""Whose statistics become BatchNorm's."""
COMPARED = 200
"""Calibration pictures on which the integers and what was recovered must agree."""
AGREEMENT = 0.9
"""Share of them with the same class, at least: activations in int8 move one in twenty or thirty."""
LOG = "recovered.json"


class Folded(NamedTuple):
    """A convolution with its BatchNorm folded in.

    Attributes:
        kernel: float32, in Keras' layout: [height, width, in, out], of a depthwise one [height, width, in, 1].
        bias: float32[out].
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def recover(member: Path, training: Sequence[Sample], calibration: Sequence[Sample], into: Path | None) -> None:
    """Write a member's float weights beside the other committed ones, with how well they agree with its integers.

    Args:
        member: a bundle's .tflite file, `<name>_int8.tflite`.
        training: whose pictures give BatchNorm its statistics.
        calibration: whose pictures the two are compared on.
        into: the folder; None: training/weights/recovered_<what follows the last underscore of the name>.

    Raises:
        RunError: the file is no such network, or what came out says something else.
    """
    from training.inference import run_networks
    from training.model import build_model
    from training.predict import predict_logits

    content = member.read_bytes()
    name = member.name.removesuffix("_int8.tflite")
    weights = folded_weights(content)
    size = input_side(content)
    config = ModelConfig(size_px=size, pretrained=False)
    model = build_model(config, None, len(weights[HEAD].bias))
    unfolded(weights, model, representative_pictures(training, make_views(CROPS, 8), size, PICTURES, seed=7))
    arrays = member_weights.of_model(model)
    compared = list(calibration[:COMPARED])
    real = predict_logits(model, compared, View(), size)
    integer = run_networks([content], [sample.path for sample in compared], [View()], [size]).log_softmax[:, 0, 0]
    same = float(np.mean(real.argmax(axis=1) == integer.argmax(axis=1)))
    if same < AGREEMENT:
        raise RunError(f"only {same:.1%} of {len(compared)} pictures keep their class: {member} was not recovered")
    folder = into or member_weights.WEIGHTS / f"recovered_{name.rsplit('_', 1)[-1]}"
    member_weights.save(folder, arrays, 0)
    log = {"member": name, "sha256": hashlib.sha256(content).hexdigest(), "size_px": size}
    log |= {"compared": len(compared), "same_class": round(same, 4)}
    (folder / LOG).write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")
    print(f"{folder} holds {name} in float16; {same:.1%} of {len(compared)} calibration pictures keep their class")


def input_side(content: bytes) -> int:
    """Side in pixels of what a .tflite network takes."""
    return int(runtime().module.Interpreter(model_content=content, num_threads=1).get_input_details()[0]["shape"][1])


def folded_weights(content: bytes) -> dict[str, Folded]:
    """Every convolution of a member by its layer's name.

    Args:
        content: a .tflite file that `training.quantize` made.

    Raises:
        RunError: it holds other layers.
    """
    interpreter = runtime().module.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    names = [*(name for name, _ in convolutions()), HEAD]
    operators = [operator for operator in interpreter._get_ops_details() if operator["op_name"].endswith("CONV_2D")]
    if len(operators) != len(names):
        raise RunError(f"the network has {len(operators)} convolutions, MobileNetV2 and its head have {len(names)}")
    weights: dict[str, Folded] = {}
    for name, operator in zip(names, operators, strict=True):
        kernel, bias = (_real(interpreter, details[index]) for index in list(operator["inputs"])[1:3])
        if f"/{name}_1/" not in details[list(operator["inputs"])[1]]["name"]:
            raise RunError(f"the network's layers are not in MobileNetV2's order at {name}")
        weights[name] = Folded(kernel.transpose(1, 2, 3, 0), bias)
    return weights


def unfolded(weights: Mapping[str, Folded], model: Any, pictures: NDArray[np.uint8]) -> None:
    """Put folded weights into a network that has BatchNorms, so that it computes the same.

    Args:
        weights: from `folded_weights`.
        model: from `training.model.build_model`, with as many outputs as the weights have.
        pictures: uint8[N, S, S, 3], representative of training: their statistics become BatchNorm's.
    """
    import keras

    from training.backends import network_input

    pairs = convolutions()
    for name, norm in pairs:
        kernel, bias = weights[name]
        model.get_layer(name).set_weights([kernel])
        layer = model.get_layer(norm)
        ones, zeros = np.ones_like(bias), np.zeros_like(bias)
        layer.set_weights([ones, bias, zeros, ones - np.float32(layer.epsilon)])
    model.get_layer(HEAD).set_weights(list(weights[HEAD]))
    probe = keras.Model(model.input, [model.get_layer(name).output for name, _ in pairs])
    count, sums, squares = 0, [0.0] * len(pairs), [0.0] * len(pairs)
    for start in range(0, len(pictures), 8):
        batch = pictures[start : start + 8]
        count += len(batch)
        for place, values in enumerate(probe.predict_on_batch(network_input(batch))):
            wide = np.asarray(values, np.float64)
            sums[place] += wide.mean(axis=(1, 2)).sum(axis=0)
            squares[place] += (wide**2).mean(axis=(1, 2)).sum(axis=0)
    for (name, norm), total, square in zip(pairs, sums, squares, strict=True):
        kernel, bias = weights[name]
        mean = total / count
        deviation = np.sqrt(np.maximum(square / count - mean**2, 0.0))
        scale = np.maximum(deviation, _SMALLEST * np.median(deviation) + 1e-6)
        layer = model.get_layer(norm)
        by_channel = scale[:, np.newaxis] if kernel.shape[-1] == 1 else scale
        model.get_layer(name).set_weights([(kernel / by_channel).astype(np.float32)])
        gamma = scale * np.sqrt(1.0 + layer.epsilon)
        rest = (gamma, mean + bias, mean / scale, np.ones_like(scale))
        layer.set_weights([values.astype(np.float32) for values in rest])


def _real(interpreter: Any, detail: Mapping[str, Any]) -> NDArray[np.float32]:
    """A constant tensor's values, by its scales along its quantised axis."""
    values = interpreter.get_tensor(detail["index"])
    quantised = detail["quantization_parameters"]
    shape = [1] * values.ndim
    shape[quantised["quantized_dimension"] if len(quantised["scales"]) > 1 else 0] = -1
    return np.asarray(values.astype(np.float32) * quantised["scales"].astype(np.float32).reshape(shape), np.float32)
