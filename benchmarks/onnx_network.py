"""The released network as an ONNX file: float32, or with the released integers and their scales.

The float32 file holds the released weights as real numbers, so that both are one network: only the rounding of the
activations is gone. The integer file keeps weights, scales and zero points as they are, with QuantizeLinear and
DequantizeLinear around every step. ONNX Runtime fuses these into integer kernels, several times faster than the same
network in QLinearConv operations; OpenCV 4.11 computes in float32 between them, faster than with its integer layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.tflite_network import Network, Operation, Tensor, padding

INPUT = "picture"
_OPSET = 17
_IR_VERSION = 9


def to_onnx(network: Network, *, integer: bool) -> bytes:
    """Write a network as an ONNX file's bytes.

    Args:
        network: from `read_network`.
        integer: keep the integers; the input is then int8[1, 3, S, S], else float32 of that shape in [-1, 1].

    Returns:
        The file; its outputs are float32 in the network's order, pictures channels first.
    """
    builder = _Builder(network, integer)
    for operation in network.operations:
        builder.add(operation)
    return bytes(builder.model().SerializeToString())


class _Builder:
    """Collects nodes and constants; every computed tensor is known by its place in the network."""

    def __init__(self, network: Network, integer: bool) -> None:
        self.network = network
        self.integer = integer
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.names: dict[int, str] = {network.input: INPUT}
        if integer:
            tensor = network.tensors[network.input]
            self.names[network.input] = self._node(
                "DequantizeLinear", [INPUT, *self._quantisation("input", tensor)], "input_real"
            )

    def add(self, operation: Operation) -> None:
        number = operation.output
        data = [self.names[each] for each in operation.inputs if each in self.names]
        name = f"t{number}"
        if operation.kind == "ADD":
            name = self._node("Add", data, name)
        elif operation.kind == "MEAN":
            pooled = self._node("GlobalAveragePool", data, f"{name}_pooled")
            pooled = self._rounded(pooled, number)
            self.names[number] = self._node("Flatten", [pooled], f"{name}_flat")
            return
        else:
            name = self._convolution(operation, data[0], name)
        if operation.relu6 and not (self.integer and _rounding_cuts(self.network.tensors[number])):
            limits = [self._constant(f"limit_{value}", np.float32(value)) for value in (0, 6)]
            name = self._node("Clip", [name, *limits], f"{name}_relu6")
        self.names[number] = self._rounded(name, number)

    def model(self) -> Any:
        network = self.network
        _, height, width, channels = network.tensors[network.input].shape
        element = TensorProto.INT8 if self.integer else TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info(INPUT, element, (1, channels, height, width))],
            [
                helper.make_tensor_value_info(
                    self.names[each], TensorProto.FLOAT, _channels_first(network.tensors[each].shape)
                )
                for each in network.outputs
            ],
            list(self.constants.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model)
        return model

    def _convolution(self, operation: Operation, data: str, name: str) -> str:
        kernel, bias = (self.network.tensors[each] for each in operation.inputs[1:])
        depthwise = operation.kind == "DEPTHWISE_CONV_2D"
        # outputs, rows, columns, inputs; a depthwise kernel is 1, rows, columns, channels
        order = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        rows, columns = kernel.shape[1:3]
        height, width = self.network.tensors[operation.inputs[0]].shape[1:3]
        above, below = padding(height, rows, operation.stride[0], operation.same)
        left, right = padding(width, columns, operation.stride[1], operation.same)
        return self._node(
            "Conv",
            [data, self._weights(f"{name}_kernel", kernel, order), self._weights(f"{name}_bias", bias, (0,))],
            name,
            kernel_shape=[rows, columns],
            strides=list(operation.stride),
            pads=[above, left, below, right],
            group=kernel.shape[3] if depthwise else 1,
        )

    def _weights(self, name: str, tensor: Tensor, order: tuple[int, ...]) -> str:
        """A constant in ONNX's order of axes, its scales along the first."""
        if not self.integer:
            return self._constant(name, np.ascontiguousarray(tensor.real(order[0]).transpose(order)))
        assert tensor.stored is not None
        stored = self._constant(f"{name}_stored", np.ascontiguousarray(tensor.stored.transpose(order)))
        scale = self._constant(f"{name}_scale", tensor.scale)
        zero = self._constant(f"{name}_zero", np.zeros(tensor.scale.shape, tensor.stored.dtype))
        return self._node("DequantizeLinear", [stored, scale, zero], name, axis=0)

    def _rounded(self, name: str, number: int) -> str:
        """The tensor after its rounding to int8, where integers are kept."""
        if not self.integer:
            return name
        quantisation = self._quantisation(f"t{number}", self.network.tensors[number])
        stored = self._node("QuantizeLinear", [name, *quantisation], f"{name}_stored")
        return self._node("DequantizeLinear", [stored, *quantisation], f"{name}_real")

    def _quantisation(self, name: str, tensor: Tensor) -> list[str]:
        return [
            self._constant(f"{name}_scale", tensor.scale.reshape(())),
            self._constant(f"{name}_zero", np.int8(tensor.zero_point)),
        ]

    def _constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output


def _rounding_cuts(tensor: Tensor) -> bool:
    """Whether the tensor's int8 range is 0 … 6 at most, so that rounding to it is a ReLU6 already."""
    return tensor.zero_point == -128 and 255 * float(tensor.scale[0]) <= 6.001


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[3], shape[1], shape[2]) if len(shape) == 4 else shape
