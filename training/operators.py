"""Whether an Edge TPU takes a .tflite file: every operator against the documented list, then the compiler itself.

The list and its limits: https://coral.ai/docs/edgetpu/models-intro/#supported-operations. Of the operators there,
those whose limits are checked here; another one is refused by name until its limits are written down. The highest
versions are those of TensorFlow Lite when `edgetpu_compiler` 16.0, the last one, was made: it refuses CONV_2D v6 and
QUANTIZE v3, which a newer converter may write.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from training.errors import TrainingError

MAX_BYTES = 4 * 2**20
COMPILER = "edgetpu_compiler"
_COMPILER_TIMEOUT_S = 600


def check_operators(content: bytes) -> Counter[str]:
    """Make sure that a .tflite file is full integer, has constant shapes and only operators that an Edge TPU takes.

    Args:
        content: the file's bytes.

    Returns:
        How often each operator occurs, as "CONV_2D v3".

    Raises:
        TrainingError: it is not; the message names the operator or the tensor.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    if len(content) > MAX_BYTES:
        raise TrainingError(f"the network has {len(content)} bytes, more than {MAX_BYTES}")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    if len(model.subgraphs) != 1:
        raise TrainingError(f"the network has {len(model.subgraphs)} subgraphs, an Edge TPU takes one")
    (graph,) = model.subgraphs
    for tensor in graph.tensors:
        if tensor.type not in (schema.TensorType.INT8, schema.TensorType.INT32):
            raise TrainingError(f"tensor {tensor.name.decode()} is not an integer")
        if tensor.shapeSignature is not None and min(tensor.shapeSignature, default=0) < 0:
            raise TrainingError(f"tensor {tensor.name.decode()} has no constant shape")
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    found: Counter[str] = Counter()
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = names[code.builtinCode]
        if name not in _OPERATORS:
            raise TrainingError(f"the network uses {name}, which is not checked for an Edge TPU")
        highest, limit = _OPERATORS[name]
        if code.version > highest:
            raise TrainingError(f"{name} has version {code.version}, {COMPILER} reads up to {highest}")
        complaint = limit(_Operator(model, graph, operator))
        if complaint:
            raise TrainingError(f"{name} ({graph.tensors[operator.outputs[0]].name.decode()}): {complaint}")
        found[f"{name} v{code.version}"] += 1
    return found


def compile_for_edgetpu(network: Path) -> tuple[bytes | None, str]:
    """Run `edgetpu_compiler` where it is installed.

    Args:
        network: a full-integer .tflite file.

    Returns:
        The compiled file's bytes, or None without the compiler; and what to tell people.

    Raises:
        TrainingError: the compiler refuses the file; the message holds its own last words.
    """
    program = shutil.which(COMPILER)
    if program is None:
        return None, (
            f"{COMPILER} is not installed: {network.name} was checked against the documented operators, not compiled "
            "(the compiler is for x86-64 Debian, see coral.ai/docs/edgetpu/compiler)"
        )
    with TemporaryDirectory() as folder:
        try:
            run = subprocess.run(
                [program, "-s", "-o", folder, str(network)],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_COMPILER_TIMEOUT_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TrainingError(f"{program} on {network.name}: {error}") from error
        compiled = Path(folder) / f"{network.stem}_edgetpu.tflite"
        if run.returncode or not compiled.is_file():
            raise TrainingError(f"{program} refuses {network.name}: {run.stdout.strip()[-500:] or 'without a word'}")
        content = compiled.read_bytes()
    return content, f"{network.name} compiled for the Edge TPU: {len(content)} bytes"


class _Operator:
    """One operator of a graph, as far as the limits ask."""

    def __init__(self, model: Any, graph: Any, operator: Any) -> None:
        self.options = operator.builtinOptions
        self.inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
        self._buffers = model.buffers

    def constant(self, place: int) -> np.ndarray[Any, np.dtype[np.int32]] | None:
        """The int32 values of an input, None where they are computed."""
        data = self._buffers[self.inputs[place].buffer].data
        return None if data is None else np.frombuffer(bytes(data), np.int32)


def _none(_: _Operator) -> str:
    return ""


def _dilation(operator: _Operator) -> str:
    across, down = operator.options.dilationWFactor, operator.options.dilationHFactor
    return "" if across == down else f"dilation {across} in x and {down} in y must be the same"


def _constant_weights(operator: _Operator) -> str:
    if len(operator.inputs) > 1 and operator.constant(1) is None:
        return "its weights are not constant"
    return _dilation(operator)


def _mean(operator: _Operator) -> str:
    axes, shape = operator.constant(1), operator.inputs[0].shape
    if axes is None:
        return "the axes are not constant"
    reduced = {int(axis) % len(shape) for axis in axes}
    if 0 in reduced:
        return "reduces over the batch"
    if len(shape) - 1 in reduced and shape[-1] % 4:
        return f"reduces over {shape[-1]} channels, which is not a multiple of 4"
    return ""


def _pad(operator: _Operator) -> str:
    widths = operator.constant(1)
    if widths is None:
        return "the widths are not constant"
    return "pads the batch" if widths.reshape(-1, 2)[0].any() else ""


def _no_activation(operator: _Operator) -> str:
    return "has a fused activation" if operator.options.fusedActivationFunction else ""


_Limit = Callable[[_Operator], str]
_OPERATORS: dict[str, tuple[int, _Limit]] = {
    "ADD": (4, _none),
    "AVERAGE_POOL_2D": (3, _no_activation),
    "CONV_2D": (5, _constant_weights),
    "DEPTHWISE_CONV_2D": (6, _constant_weights),
    "MAX_POOL_2D": (3, _no_activation),
    "MEAN": (2, _mean),
    "PAD": (2, _pad),
    "QUANTIZE": (2, _none),
    "RELU": (2, _none),
    "RELU6": (2, _none),
    "RESHAPE": (1, _none),
}
"""By name: the highest version, and what complains of the operator's limits."""
