"""A full-integer .tflite network as plain data, so that other engines can be given the very same network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_INT8, _INT32 = 9, 2


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a network.

    Attributes:
        stored: int8 or int32 values of a constant; None for what is computed.
        scale: float32[1], or float32[outputs] of a kernel or bias; empty where it has none.
        zero_point: of computed tensors; constants are symmetric.
    """

    shape: tuple[int, ...]
    stored: NDArray[Any] | None
    scale: NDArray[np.float32]
    zero_point: int

    def real(self, axis: int) -> NDArray[np.float32]:
        """A constant's values as real numbers, its scales lying along `axis`."""
        if self.stored is None:
            raise ValueError("only a constant has values")
        shape = [1] * self.stored.ndim
        shape[axis] = -1
        return np.asarray(self.stored * self.scale.reshape(shape), np.float32)


@dataclass(frozen=True)
class Operation:
    """One step of a network; tensors by their place in `Network.tensors`.

    Attributes:
        kind: one of `KINDS`.
        inputs: as TensorFlow Lite orders them.
        stride: vertical and horizontal, of convolutions.
        same: whether a convolution pads its input so that only the stride shrinks it.
        relu6: whether the result is cut to 0 … 6 (a convolution's or an addition's).
    """

    kind: str
    inputs: tuple[int, ...]
    output: int
    stride: tuple[int, int] = (1, 1)
    same: bool = False
    relu6: bool = False


@dataclass(frozen=True, eq=False)
class Network:
    """A network with one input and constant shapes, in the order of execution."""

    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    input: int
    outputs: tuple[int, ...]


KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN")


def read_network(content: bytes) -> Network:
    """Read a .tflite file's bytes.

    Raises:
        RuntimeError: it holds an operation, an activation or a type that is not known here.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    operations = []
    for index in range(graph.OperatorsLength()):
        operation = graph.Operators(index)
        kind = names[model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode()]
        if kind not in KINDS:
            raise RuntimeError(f"the network has a {kind}; only {', '.join(KINDS)} can be given to other engines")
        operations.append(_operation(schema, kind, operation))
    return Network(
        tensors=tuple(_tensor(model, graph.Tensors(index)) for index in range(graph.TensorsLength())),
        operations=tuple(operations),
        input=int(graph.InputsAsNumpy()[0]),
        outputs=tuple(int(each) for each in graph.OutputsAsNumpy()),
    )


def padding(side: int, kernel: int, stride: int, same: bool) -> tuple[int, int]:
    """Pixels that a convolution adds before and after a side, the odd one after."""
    if not same:
        return 0, 0
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _operation(schema: Any, kind: str, operation: Any) -> Operation:
    inputs = tuple(int(each) for each in operation.InputsAsNumpy())
    output = int(operation.OutputsAsNumpy()[0])
    readers = {"CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions", "ADD": "AddOptions"}
    if kind not in readers:
        return Operation(kind, inputs, output)
    options = getattr(schema, readers[kind])()
    table = operation.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    activation = options.FusedActivationFunction()
    if activation not in (schema.ActivationFunctionType.NONE, schema.ActivationFunctionType.RELU6):
        raise RuntimeError(f"the network has activation number {activation}; only none and ReLU6 are known here")
    relu6 = activation == schema.ActivationFunctionType.RELU6
    if kind == "ADD":
        return Operation(kind, inputs, output, relu6=relu6)
    stride = (int(options.StrideH()), int(options.StrideW()))
    return Operation(kind, inputs, output, stride, options.Padding() == schema.Padding.SAME, relu6)


def _tensor(model: Any, tensor: Any) -> Tensor:
    kind = tensor.Type()
    if kind not in (_INT8, _INT32):
        raise RuntimeError("the network is not integer throughout")
    shape = tuple(int(side) for side in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    stored = None
    if buffer.DataLength():
        # through bytes: what the file holds is little-endian and need not be aligned
        raw = buffer.DataAsNumpy().tobytes()
        stored = np.frombuffer(raw, np.dtype(np.int8) if kind == _INT8 else np.dtype("<i4")).reshape(shape)
    quantisation = tensor.Quantization()
    known = quantisation is not None and quantisation.ScaleLength() > 0
    scale = quantisation.ScaleAsNumpy().astype(np.float32) if known else np.empty(0, np.float32)
    zero_point = int(quantisation.ZeroPointAsNumpy()[0]) if known else 0
    return Tensor(shape, stored, scale, zero_point)
