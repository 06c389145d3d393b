"""What the Keras back-ends want of a network in training: layout, precision, a fast BatchNorm.

`KERAS_BACKEND` chooses the back-end, as for any program on Keras 3; unset it is TensorFlow, the only one that exports.
Checkpoints hold the same arrays in the same order with every back-end, so a run may change it on the way.

PyTorch trains in bfloat16 with the channels first: on two cores of an AMD EPYC (Zen 4) that is more than twice as fast
as TensorFlow in float32, everything before block 3 frozen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEM_ENDS_BEFORE = "block_1_expand"


def prepare_backend() -> None:
    """Set Keras' layout and precision for the back-end in use; call it before a network to train is made."""
    import keras

    if keras.backend.backend() == "torch":
        keras.config.set_image_data_format("channels_first")
        keras.config.set_dtype_policy("mixed_bfloat16")


def compiles_steps() -> bool:
    """Whether a step must be compiled by XLA: JAX is slow without, TensorFlow and PyTorch on CPUs with it."""
    import keras

    return bool(keras.backend.backend() == "jax")


def network_input(pictures: NDArray[np.uint8]) -> Any:
    """uint8[B, S, S, 3] → float32 in [-1, 1], in the layout that `prepare_backend` chose."""
    import keras

    scaled = pictures.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    if keras.backend.backend() != "torch":
        return scaled
    import torch

    return torch.from_numpy(scaled).permute(0, 3, 1, 2)  # channels first in name, last in memory: the fast format


def input_shape() -> tuple[int | None, ...]:
    """Of one picture of any size, in the layout that `prepare_backend` chose."""
    import keras

    return (3, None, None) if keras.config.image_data_format() == "channels_first" else (None, None, 3)


def adapted(model: Any) -> Any:
    """The same network as the back-end runs it best: on PyTorch with the stem in float32 and PyTorch's own BatchNorm.

    The stem holds kernels that are differences with a gain of 50: in bfloat16 one class in ten comes out another, with
    float32 there one in a hundred. Keras composes BatchNorm of five slower steps.
    """
    import keras

    if keras.backend.backend() != "torch":
        return model
    import torch

    class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc, unused-ignore]
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG002 - Keras passes it
            return torch.nn.functional.batch_norm(
                inputs,
                self.moving_mean.value,
                self.moving_variance.value,
                self.gamma.value,
                self.beta.value,
                training=bool(training) and self.trainable,
                momentum=1.0 - self.momentum,
                eps=self.epsilon,
            )

    names = [layer.name for layer in model.layers]
    stem = names[: names.index(_STEM_ENDS_BEFORE)]

    def clone(layer: Any) -> Any:
        kind = FusedBatchNormalization if isinstance(layer, keras.layers.BatchNormalization) else type(layer)
        config = layer.get_config()
        return kind.from_config(config | {"dtype": "float32"} if layer.name in stem else config)

    clone_of = keras.models.clone_model(model, clone_function=clone)
    clone_of.set_weights(model.get_weights())
    return clone_of
