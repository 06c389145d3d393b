"""The network in its published form: BatchNorm folded, three outputs, kernels on the int8 grid that loses least.

Rounding each weight to its nearest integer ruins MobileNetV2: some depthwise kernels of its stem are differences with a
gain of 50, and nine independent roundings leave them a gain for plain brightness that they never had. So the roundings
of a kernel are chosen together, weighing what the layer's inputs look like (`round_kernel`), and what mean error is
left goes into the bias. TensorFlow Lite's converter then finds kernels that lie on its grid already. Measured on one
view of the validation part: with the converter's own rounding 72.5 % of the float network's classes stay the same and
balanced accuracy falls from 0.716 to 0.642; with this one 97.6 % stay, 0.741 to 0.736.

Only the commands of `__main__` import this module, when they run: it loads TensorFlow.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.config import ModelConfig
from training.layers import HEAD

_LEVELS = 127
_POSITIONS = 1000
_DAMPING = 1e-3


class Moments(NamedTuple):
    """First and second moments of what a convolution reads, over pictures and positions.

    F is the number of weights of one output: kernel height × width (× input channels, where they are mixed). G is 1 for
    a convolution and the number of channels for a depthwise one.

    Attributes:
        mean: float64[G, F].
        covariance: float64[G, F, F].
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def fold(trained: Any, config: ModelConfig) -> Any:
    """Fold the BatchNorms of a trained network into its convolutions.

    Args:
        trained: from `training.model.load_trained`.
        config: of that network.

    Returns:
        A model from float32[1, S, S, 3] in [-1, 1] to a dict: `logits` [1, 7], `activation_map` [1, S/32, S/32, 7],
        `embedding` [1, D]. Its convolutions have the names and kernel shapes of the trained network's.
    """

    def convolve(name: str, norm: str, values: Any, activation: bool = True) -> Any:
        source = trained.get_layer(name)
        shape = {"kernel_size": source.kernel_size, "strides": source.strides, "padding": source.padding, "name": name}
        if _is_depthwise(name):
            layer = keras.layers.DepthwiseConv2D(**shape)
        else:
            layer = keras.layers.Conv2D(source.filters, **shape)
        values = layer(values)
        layer.set_weights(_folded(source, trained.get_layer(norm)) if norm else source.get_weights())
        return keras.layers.ReLU(6.0, name=f"{name}_relu")(values) if activation else values

    names = {layer.name for layer in trained.layers}
    inputs = keras.Input(batch_shape=(1, config.size_px, config.size_px, 3))
    x = convolve("Conv1", "bn_Conv1", inputs)
    x = convolve("expanded_conv_depthwise", "expanded_conv_depthwise_BN", x)
    x = convolve("expanded_conv_project", "expanded_conv_project_BN", x, activation=False)
    for number in range(1, 17):
        block = f"block_{number}"
        before = x
        x = convolve(f"{block}_expand", f"{block}_expand_BN", x)
        if f"{block}_pad" in names:
            x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{block}_pad")(x)
        x = convolve(f"{block}_depthwise", f"{block}_depthwise_BN", x)
        x = convolve(f"{block}_project", f"{block}_project_BN", x, activation=False)
        if f"{block}_add" in names:
            x = keras.layers.Add(name=f"{block}_add")([before, x])
    x = convolve("Conv_1", "Conv_1_bn", x)
    evidence = convolve(HEAD, "", x, activation=False)
    outputs = {
        "logits": keras.layers.GlobalAveragePooling2D(name="logits")(evidence),
        HEAD: evidence,
        "embedding": keras.layers.GlobalAveragePooling2D(name="embedding")(x),
    }
    return keras.Model(inputs, outputs)


def round_kernels(folded: Any, pictures: NDArray[np.uint8]) -> None:
    """Put every kernel of a folded network on the int8 grid, in place, and correct the biases.

    Args:
        folded: from `fold`.
        pictures: uint8[N, S, S, 3], representative, of the training part only.
    """
    layers = [layer for layer in folded.layers if layer.weights]
    for layer, moments in zip(layers, _measure(folded, layers, pictures), strict=True):
        kernel, bias = layer.get_weights()
        if _is_depthwise(layer.name):
            columns = kernel[..., 0].reshape(-1, kernel.shape[2]).T[..., np.newaxis]  # [channels, 9, 1]
        else:
            columns = kernel.reshape(1, -1, kernel.shape[3])
        rounded = np.stack([round_kernel(*each) for each in zip(columns, moments.covariance, strict=True)])
        lost = np.einsum("gf,gfo->go", moments.mean, columns - rounded).ravel()
        if _is_depthwise(layer.name):
            rounded = rounded[..., 0].T
        layer.set_weights([rounded.reshape(kernel.shape).astype(np.float32), (bias + lost).astype(np.float32)])


def round_kernel(columns: NDArray[np.floating[Any]], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round kernels to 127 symmetric levels, each weight making up for the errors of those before it.

    Minimises (w - q)ᵀ · covariance · (w - q) greedily: GPTQ (Frantar et al. 2023, arXiv:2210.17323). The largest weight
    of a kernel stays, so that the scale that TensorFlow Lite derives from it is the one meant here.

    Args:
        columns: float[F, O], one kernel a column.
        covariance: float64[F, F] of the inputs.

    Returns:
        float64[F, O], multiples of each column's largest absolute value / 127.
    """
    left = columns.astype(np.float64)
    largest = np.abs(left).argmax(axis=0)
    scale = np.maximum(np.abs(left).max(axis=0), 1e-12) / _LEVELS
    extreme = np.sign(left[largest, np.arange(left.shape[1])]) * _LEVELS
    # damped, and without the negative eigenvalues that float noise leaves where inputs are constant
    eigenvalues, vectors = np.linalg.eigh(covariance)
    eigenvalues = np.maximum(eigenvalues, 0.0) + _DAMPING * max(float(eigenvalues.mean()), 0.0) + 1e-9
    feedback = np.linalg.cholesky((vectors / eigenvalues) @ vectors.T).T
    levels = np.zeros_like(left)
    for row in range(len(left)):
        nearest = np.clip(np.round(left[row] / scale), -_LEVELS, _LEVELS)
        levels[row] = np.where(largest == row, extreme, nearest)
        error = (left[row] - levels[row] * scale) / feedback[row, row]
        left[row + 1 :] -= np.outer(feedback[row, row + 1 :], error)
    return np.asarray(levels * scale)


def _measure(folded: Any, layers: list[Any], pictures: NDArray[np.uint8]) -> list[Moments]:
    """The moments of every layer's input, from a sample of positions of every picture."""
    probe = keras.Model(folded.input, [layer.input for layer in layers])
    predict = tf.function(lambda batch: probe(batch, training=False))
    rng = np.random.default_rng(0)
    sums: list[Any] = [0.0] * len(layers)
    squares: list[Any] = [0.0] * len(layers)
    counts = [0] * len(layers)
    for picture in pictures:
        inputs = predict(picture[np.newaxis].astype(np.float32) / 127.5 - 1.0)
        for index, (layer, values) in enumerate(zip(layers, inputs, strict=True)):
            patches = _patches(np.asarray(values)[0], layer, rng)
            counts[index] += patches.shape[1]
            sums[index] += patches.sum(axis=1)
            squares[index] += patches.transpose(0, 2, 1) @ patches
    moments = []
    for count, total, square in zip(counts, sums, squares, strict=True):
        mean = total / count
        moments.append(Moments(mean, square / count - mean[:, :, np.newaxis] * mean[:, np.newaxis, :]))
    return moments


def _patches(values: NDArray[np.float32], layer: Any, rng: np.random.Generator) -> NDArray[np.float64]:
    """What the layer reads at some positions of float32[H, W, C], as float64[G, positions, F]."""
    height, width = map(int, layer.kernel_size)
    if layer.padding == "same" and height > 1:
        # as TensorFlow pads: nothing before and one after where a stride of 2 meets an even side
        first = 0 if layer.strides[0] == 2 else 1
        values = np.pad(values, ((first, 1), (first, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(values, (height, width, 1))[..., 0]
    windows = windows[:: layer.strides[0], :: layer.strides[1]]  # [rows, columns, C, kernel height, kernel width]
    rows, columns, channels = windows.shape[:3]
    chosen = rng.permutation(rows * columns)[:_POSITIONS]
    taken = windows[chosen // columns, chosen % columns].reshape(len(chosen), channels, -1).astype(np.float64)
    if _is_depthwise(layer.name):
        return np.ascontiguousarray(taken.transpose(1, 0, 2))
    return np.ascontiguousarray(taken.transpose(0, 2, 1).reshape(1, len(chosen), -1))


def _folded(convolution: Any, norm: Any) -> list[NDArray[np.float32]]:
    """Kernel and bias of a convolution with its BatchNorm folded in."""
    (kernel,) = convolution.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return [kernel * (scale[:, np.newaxis] if _is_depthwise(convolution.name) else scale), beta - mean * scale]


def _is_depthwise(name: str) -> bool:
    return name.endswith("depthwise")
