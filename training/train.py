"""The optimisation: balanced softmax, AdamW, cosine, averaged weights; resumable at any moment."""

from __future__ import annotations

import csv
import json
import math
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View
from training import checkpoint
from training.backends import compiles_steps, network_input, prepare_backend
from training.config import RunConfig
from training.dataset import Sample, targets
from training.distill import make_soften
from training.metrics import balanced_accuracy
from training.model import build_model
from training.predict import predict_logits
from training.sampling import Sampler

STEPS = "steps.csv"
VALIDATION = "validation.csv"
_REPORT_EVERY = 20


def train(
    config: RunConfig,
    run: Path,
    training: Sequence[Sample],
    validation: Sequence[Sample],
    weights: Path | None,
) -> None:
    """Train to the end of the schedule, going on from the run's checkpoint where there is one.

    Args:
        config: the network, the schedule and what is learnt with.
        run: folder for checkpoint.npz, steps.csv, validation.csv and environment.json; the runs that `config` starts
            or learns from, if it names any, lie beside it.
        training: what is learnt from.
        validation: looked at every `evaluate_every` steps; decides nothing here.
        weights: ImageNet weights, see `build_model`.

    Raises:
        RunError, ConfigError: the checkpoint is another model's, or the weights to start or to learn from are missing.
    """
    import keras

    cv2.setNumThreads(1)  # the cores belong to the optimiser
    prepare_backend()
    keras.utils.set_random_seed(config.train.seed)
    run.mkdir(parents=True, exist_ok=True)
    _record_environment(run)
    model = build_model(config.model, weights)
    if config.model.start:
        checkpoint.load(run.parent / config.model.start, {"average": model.variables})
    sampler = Sampler(training, config)
    log_prior = np.log(sampler.prior + 1e-12)
    soften = make_soften(config.distill, run.parent, log_prior)
    optimizer = _compile(model, config, log_prior)
    # copies: JAX reuses the memory of a model's own arrays in every step
    average = [keras.Variable(_array(value), trainable=False, dtype=value.dtype) for value in model.variables]
    state = {"model": model.variables, "average": average, "optimizer": optimizer.variables}
    done = checkpoint.load(run, state) if (run / checkpoint.FILE).is_file() else 0
    for table in (run / STEPS, run / VALIDATION):
        forget_after(table, done)
    total = config.train.steps
    started, first = time.monotonic(), done
    for step, batch in enumerate(sampler.ahead(done, total), start=done):
        optimizer.learning_rate = learning_rate(config, step)
        labels = soften(batch.pictures, batch.labels)
        loss = model.train_on_batch(network_input(batch.pictures), labels)  # the mean since `reset_metrics`
        _average(average, model.variables, min(config.train.ema_decay, (1.0 + step) / (10.0 + step)))
        done = step + 1
        if done % _REPORT_EVERY == 0 or done == total:
            seconds = time.monotonic() - started
            _append(run / STEPS, {"step": done, "size_px": sampler.size_at(step), "loss": float(loss)})
            left = seconds * sampler.work(done, total) / sampler.work(first, done) / 60.0
            print(f"step {done}/{total}  loss {float(loss):.4f}  {left:.0f} min left", flush=True)
            model.reset_metrics()
        if done % config.train.checkpoint_every == 0 or done == total:
            checkpoint.save(run, done, state)
        if done % config.train.evaluate_every == 0 or done == total:
            figure = _evaluate_average(model, average, validation, config.model.size_px)
            _append(run / VALIDATION, {"step": done, "balanced_accuracy": figure})
            print(f"step {done}/{total}  validation balanced accuracy {figure:.4f}", flush=True)


def learning_rate(config: RunConfig, step: int) -> float:
    """Linear warm-up, then a cosine to 1 % of the peak (Loshchilov, Hutter 2017, arXiv:1608.03983)."""
    peak, warmup, total = config.train.learning_rate, config.train.warmup_steps, config.train.steps
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, total - warmup)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress)))


def _compile(model: Any, config: RunConfig, log_prior: NDArray[np.float64]) -> Any:
    """Give the network its loss and its optimizer, which is returned.

    The loss is balanced softmax (Ren et al. 2020, arXiv:2007.10740): the log of the sampling prior is added to the
    logits, so that the logits themselves are free of it.
    """
    import keras

    offset = log_prior.astype(np.float32)

    def balanced_softmax(labels: Any, logits: Any) -> Any:
        return keras.losses.categorical_crossentropy(labels, keras.ops.add(logits, offset), from_logits=True)

    optimizer = keras.optimizers.AdamW(
        config.train.learning_rate,
        weight_decay=config.train.weight_decay,
        global_clipnorm=config.train.clip_norm,
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, balanced_softmax, jit_compile=compiles_steps())
    return optimizer


def _average(average: Sequence[Any], variables: Sequence[Any], decay: float) -> None:
    """Move the averaged weights towards the current ones; counters and random states are left alone."""
    for mean, value in zip(average, variables, strict=True):
        if mean.dtype == "float32":
            old = _array(mean)
            mean.assign(old + (_array(value) - old) * (1.0 - decay))


def _evaluate_average(model: Any, average: Sequence[Any], samples: Sequence[Sample], size: int) -> float:
    current = [np.array(_array(variable)) for variable in model.variables]
    for variable, mean in zip(model.variables, average, strict=True):
        variable.assign(mean)
    logits = predict_logits(model, samples, View(), size)
    for variable, value in zip(model.variables, current, strict=True):
        variable.assign(value)
    return balanced_accuracy(logits.argmax(axis=1), targets(samples))


def _array(variable: Any) -> NDArray[Any]:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(variable))


def _record_environment(run: Path) -> None:
    import keras

    backend = keras.backend.backend()
    versions = {"python": platform.python_version(), "keras": keras.__version__, backend: version(backend)}
    versions |= {"numpy": np.__version__, "opencv": cv2.__version__, "machine": platform.machine()}
    (run / "environment.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")


def forget_after(path: Path, step: int) -> None:
    """Drop a table's rows of later steps than the one that a run goes on from: it writes them anew."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [row for row in lines[1:] if int(row.split(",")[0]) <= step]
    path.write_text("".join(lines[:1] + kept), encoding="utf-8")


def _append(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
