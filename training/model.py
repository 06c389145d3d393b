"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with a head that is also a map of where the evidence lies.

The head is a 1x1 convolution. Trained on the pooled features, it gives the logits; published on the features
themselves, it gives a map whose mean they are: class activation mapping (Zhou et al. 2016, doi:10.1109/CVPR.2016.319)
without a second pass. Keras is imported when a model is made, not before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from training import checkpoint, member_weights
from training.backends import adapted, input_shape
from training.config import ModelConfig
from training.dataset import CLASS_ORDER
from training.errors import RunError
from training.layers import HEAD


def build_model(config: ModelConfig, weights: Path | None, outputs: int = len(CLASS_ORDER)) -> Any:
    """The network to train: any size divisible by 32, what `network_input` gives → logits float32[B, outputs].

    Args:
        config: the network.
        weights: Keras' file of ImageNet weights without the top, for `config.pretrained`.
        outputs: how many classes it tells apart.

    Raises:
        RunError: the weights are wanted but not given.
    """
    import keras

    if config.pretrained and weights is None:
        raise RunError("this configuration starts from ImageNet weights: name their file with --weights")
    backbone = keras.applications.MobileNetV2(
        input_shape=input_shape(),
        alpha=config.alpha,
        include_top=False,
        weights=str(weights) if config.pretrained else None,
    )
    backbone = adapted(backbone)
    names = [layer.name for layer in backbone.layers]
    if config.frozen_before and config.frozen_before not in names:
        raise RunError(f"the model has no layer {config.frozen_before!r} to freeze up to")
    frozen = names.index(config.frozen_before) if config.frozen_before else 0
    for number, layer in enumerate(backbone.layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = config.batch_norm_momentum
        layer.trainable = number >= frozen
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, dtype="float32")(backbone.output)
    pooled = keras.layers.Dropout(config.dropout, dtype="float32")(pooled)
    evidence = keras.layers.Conv2D(outputs, 1, name=HEAD, dtype="float32")(pooled)
    logits = keras.layers.Flatten(dtype="float32")(evidence)
    return keras.Model(backbone.input, logits)


def load_trained(run: Path, config: ModelConfig) -> tuple[Any, int]:
    """The network with a run's averaged weights, and the steps that made them.

    Raises:
        RunError: as `training.member_weights.load` where the run has such a file, else as `checkpoint.load`.
    """
    plain = replace(config, pretrained=False)
    if not (run / member_weights.FILE).is_file():
        model = build_model(plain, None)
        return model, checkpoint.load(run, {"average": model.variables})
    arrays, step = member_weights.load(run)
    model = build_model(plain, None, member_weights.outputs(arrays))
    member_weights.into_model(model, arrays)
    return model, step
