"""What integers cost the whole assessment: the float32 networks behind a bundle, through its views and calibration.

One view of one member overstates it: rounding errors are partly averaged out over views and members, and what is left
meets the calibration that was fitted on the integers' own outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_models.bundle import Manifest
from edge_models.classifier import calibrate, equal_priors, log_softmax
from training.dataset import CLASS_ORDER, Sample
from training.errors import RunError
from training.evaluate import FloatJudgements
from training.model import load_trained
from training.predict import predict_logits
from training.runs import read_config, read_quantization


def judge_in_float(runs: Sequence[Path], manifest: Manifest, samples: Sequence[Sample]) -> FloatJudgements:
    """What the kiosk would say with the networks as they were before rounding.

    Args:
        runs: of the members, in their order, with the checkpoint that was quantized.
        manifest: of their bundle: views and calibration.
        samples: N images.

    Raises:
        RunError: a run has no checkpoint, or was trained on since it was quantized.
    """
    total = np.zeros((len(samples), len(manifest.classes)))
    for run, size in zip(runs, manifest.input_sizes_px, strict=True):
        network, step = load_trained(run, read_config(run).model)
        if step != read_quantization(run)["step"]:
            raise RunError(f"{run} was trained on since it was quantized: run `python -m training quantize` again")
        for number, view in enumerate(manifest.views, start=1):
            print(f"{run.name} in float32, {len(samples)} images: view {number}/{len(manifest.views)}", flush=True)
            total += log_softmax(predict_logits(network, samples, view, size))
    probabilities = calibrate(total / (len(runs) * len(manifest.views)), manifest.calibration)
    order = [manifest.classes.index(lesion) for lesion in CLASS_ORDER]
    return FloatJudgements(probabilities[:, order], equal_priors(probabilities, manifest.calibration)[:, order])
