"""The optimisation: balanced softmax, AdamW, cosine, averaged weights; resumable at any moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View
from training import checkpoint, member_weights
from training.backends import compiles_steps, network_input, prepare_backend
from training.config import RunConfig
from training.dataset import Sample, targets
from training.distill import make_soften
from training.metrics import balanced_accuracy
from training.model import build_model
from training.predict import predict_logits
from training.sampling import Sampler
from training.schedule import append, forget_after, learning_rate, record_environment

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
    record_environment(run, keras.backend.backend())
    model = build_model(config.model, weights)
    if config.model.start:
        begin_with(model, config.model.start, run.parent)
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
            append(run / STEPS, {"step": done, "size_px": sampler.size_at(step), "loss": float(loss)})
            left = seconds * sampler.work(done, total) / sampler.work(first, done) / 60.0
            print(f"step {done}/{total}  loss {float(loss):.4f}  {left:.0f} min left", flush=True)
            model.reset_metrics()
        if done % config.train.checkpoint_every == 0 or done == total:
            checkpoint.save(run, done, state)
        if done % config.train.evaluate_every == 0 or done == total:
            figure = _evaluate_average(model, average, validation, config.model.size_px)
            append(run / VALIDATION, {"step": done, "balanced_accuracy": figure})
            print(f"step {done}/{total}  validation balanced accuracy {figure:.4f}", flush=True)


def begin_with(model: Any, name: str, runs: Path) -> None:
    """Fill a network with the averaged weights of another run, in either form.

    Raises:
        RunError: there are none, or they are another network's.
    """
    if (runs / name / checkpoint.FILE).is_file():
        checkpoint.load(runs / name, {"average": model.variables})
    else:
        member_weights.into_model(model, member_weights.load(member_weights.locate(name, runs))[0])


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
