"""`python -m benchmarks.arm64.anchor OUT`: the network whose times on boards are published, as an int8 .tflite file.

MobileNetV2 1.0 with 224 x 224 pixels and 1,000 classes, its weights random, as XNNPACK's `end2end_bench` runs it. Its
instructions are counted beside the released bundle's, which may have other sides, layers and members.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 224
NAME = f"MobileNetV2 1.0, {SIZE} x {SIZE}, int8, random weights"


def main() -> None:
    """Write the network to the file that the command line names; ends the process where TensorFlow is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    try:
        content = anchor_network()
    except ImportError as error:
        raise SystemExit(f"TensorFlow cannot be loaded ({error}): make test installs it") from error
    options.out.write_bytes(content)


def anchor_network() -> bytes:
    """The file's bytes; needs TensorFlow and takes about a minute."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    picture = keras.Input(batch_shape=(1, SIZE, SIZE, 3))
    model = keras.applications.MobileNetV2(input_tensor=picture, weights=None, classes=1000)
    random = np.random.default_rng(0)

    def representative() -> Iterator[list[Any]]:
        for _ in range(4):
            yield [random.uniform(-1.0, 1.0, (1, SIZE, SIZE, 3)).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    main()
