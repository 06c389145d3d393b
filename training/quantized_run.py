"""A finished run becomes a full-int8 network, and what that costs on one view is written beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_models.preprocess import View
from training.dataset import Sample, targets
from training.deploy import fold, round_kernels
from training.inference import run_networks
from training.metrics import balanced_accuracy
from training.model import load_trained
from training.operators import compile_for_edgetpu
from training.predict import predict_logits
from training.quantize import quantize, representative_pictures
from training.runs import QUANTIZATION, network_file, read_config
from training.split import Part
from training.views import CROPS, make_views

REPRESENTATIVE_PICTURES = 300
PICTURES_FOR_ROUNDING = 70


def quantize_run(run: Path, parts: Mapping[Part, Sequence[Sample]]) -> None:
    """Write a run's network and what the integers cost on one view of the validation part.

    Args:
        run: a finished run's folder.
        parts: of the split that it was trained with.

    Raises:
        RunError, ConfigError: the run is not finished, or its configuration is wrong.
        TrainingError: the network is not for an Edge TPU.
    """
    config = read_config(run)
    trained, step = load_trained(run, config.model)
    size = config.model.size_px
    pictures = representative_pictures(
        parts[Part.TRAIN], make_views(CROPS, 8), size, REPRESENTATIVE_PICTURES, config.train.seed
    )
    deployed = fold(trained, config.model)
    round_kernels(deployed, pictures[:PICTURES_FOR_ROUNDING])
    content = quantize(deployed, pictures)
    path = network_file(run)
    path.write_bytes(content)
    validation = parts[Part.VALIDATION]
    real = predict_logits(trained, validation, View(), size).argmax(axis=1)
    evidence = run_networks([content], [sample.path for sample in validation], [View()], [size])
    integer = evidence.log_softmax[:, 0, 0].argmax(axis=1)
    truth = targets(validation)
    cost: dict[str, Any] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "step": step,
        "steps": config.train.steps,
        "images": len(validation),
        "balanced_accuracy_float32": balanced_accuracy(real, truth),
        "balanced_accuracy_int8": balanced_accuracy(integer, truth),
        "same_class": float(np.mean(real == integer)),
    }
    (run / QUANTIZATION).write_text(json.dumps(cost, indent=2) + "\n", encoding="utf-8")
    print(f"{path}: {len(content)} bytes, step {step} of {config.train.steps}")
    print(f"validation, one view: balanced accuracy float {cost['balanced_accuracy_float32']:.4f}, ", end="")
    print(f"int8 {cost['balanced_accuracy_int8']:.4f}, same class {cost['same_class']:.1%}")
    print(compile_for_edgetpu(path)[1])
