"""Make tiny_a_int8.tflite and its like: untrained networks with the inputs and outputs of a real member.

Needs TensorFlow (`pip install 'dermakiosk[training]'`). Run: `python tests/data/make_tiny_tflite.py`. Tests compare
engines and runtimes with each other, never with stored outputs, so that a new converter may write other bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

CLASSES, EMBEDDING = 7, 12


def network(seed: int, size: int) -> bytes:
    """A full-int8 .tflite file with seeded random weights, batch 1, for pictures of `size` pixels a side."""
    keras.utils.set_random_seed(seed)
    spread = keras.initializers.RandomNormal(stddev=0.4, seed=seed)
    inputs = keras.Input(batch_shape=(1, size, size, 3))
    features = keras.layers.Conv2D(8, 5, 4, "same", activation="relu6", kernel_initializer=spread)(inputs)
    features = keras.layers.Conv2D(EMBEDDING, 3, 2, "same", activation="relu6", kernel_initializer=spread)(features)
    activation_map = keras.layers.Conv2D(CLASSES, 1, kernel_initializer=spread)(features)
    model = keras.Model(
        inputs,
        {
            "logits": keras.layers.GlobalAveragePooling2D()(activation_map),
            "activation_map": activation_map,
            "embedding": keras.layers.GlobalAveragePooling2D()(features),
        },
    )
    random = np.random.default_rng(0)

    def representative() -> Iterator[list[Any]]:
        for _ in range(32):
            coarse = random.uniform(-1.0, 1.0, (1, size // 8, size // 8, 3))
            picture = np.kron(coarse, np.ones((1, 8, 8, 1))).astype(np.float32)
            picture[0, 0, 0], picture[0, 0, 1] = -1.0, 1.0  # the whole range, so that both members quantise it alike
            yield [picture]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    for seed, (name, size) in enumerate((("a", 32), ("b", 48), ("c", 48))):
        Path(__file__).with_name(f"tiny_{name}_int8.tflite").write_bytes(network(seed, size))
