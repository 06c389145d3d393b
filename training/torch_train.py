"""The optimisation on several sources, on PyTorch: AdamW, cosine, averaged weights; resumable at any moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from edge_models.preprocess import View, crop_square
from training import member_weights
from training.config import RunConfig
from training.dataset import Sample, read_rgb
from training.distill import pooled_opinion, soften
from training.metrics import area_under_curve, balanced_accuracy
from training.mixture import MixedBatch, Mixture
from training.sampling import size_at, work
from training.schedule import append, forget_after, learning_rate, record_environment
from training.torch_network import TorchNetwork

STATE = "state.pt"
STEPS = "steps.csv"
VALIDATION = "validation.csv"
_REPORT_EVERY = 20
_BATCH = 50
_MEASURED, _WARM_UP, _TIMED = 16, 2, 3
"""Pictures a step, steps before and steps while the speed is measured."""
_TELLING_SHARE = 0.5
"""Weight in the loss of telling pictures of no lesion apart, beside the classes' 1."""
_TELLING_GAIN = 10.0
"""AdamW moves every weight alike: so the one new layer learns ten times as fast as those that are trained already."""


def train_run(
    config: RunConfig,
    run: Path,
    training: Sequence[Sample],
    validation: Mapping[str, Sequence[Sample]],
    not_lesions: Sequence[Path] = (),
) -> None:
    """Train a run from the weights that its configuration starts with, and write its own: weights.npz.

    Args:
        config: as `train_mixture`.
        run: the run's folder; what it starts and learns from lies beside it or in training/weights/.
        training: as `train_mixture`.
        validation: as `train_mixture`.
        not_lesions: as `train_mixture`.

    Raises:
        RunError: there is nothing to start from, or a teacher is missing.
    """
    arrays, *teachers = (
        member_weights.widened(member_weights.load(member_weights.locate(name, run.parent))[0])
        for name in (config.model.start, *config.distill.teachers)
    )
    run.mkdir(parents=True, exist_ok=True)
    record_environment(run, "torch")
    learnt = train_mixture(config, run, arrays, training, validation, not_lesions, teachers)
    member_weights.save(run, learnt, config.train.steps)


def train_mixture(
    config: RunConfig,
    run: Path,
    arrays: Mapping[str, NDArray[Any]],
    training: Sequence[Sample],
    validation: Mapping[str, Sequence[Sample]],
    not_lesions: Sequence[Path] = (),
    teachers: Sequence[Mapping[str, NDArray[Any]]] = (),
) -> dict[str, NDArray[np.float32]]:
    """Train to the end of the schedule, going on from the run's state where there is one.

    Args:
        config: with `train.sources`.
        run: folder for state.pt, steps.csv and validation.csv.
        arrays: what to start from, with eight outputs (`training.member_weights`).
        training: what is learnt from.
        validation: by name, looked at every `evaluate_every` steps; decides nothing here.
        not_lesions: what the configuration's `negatives` are drawn from; the layer that tells them apart is dropped at
            the end, and only what it did to the features stays (`training.familiarity` finds its direction again).
        teachers: arrays like those to start from, of the networks whose opinion of each picture softens its label.

    Returns:
        The averaged weights.
    """
    cv2.setNumThreads(1)  # the cores belong to the optimiser
    torch.manual_seed(config.train.seed)
    run.mkdir(parents=True, exist_ok=True)
    network = TorchNetwork(arrays, config.model.frozen_before, config.model.dropout)
    network.precision = fastest(network, config)
    asked = [TorchNetwork(each, "", 0.0).eval() for each in teachers]
    for teacher in asked:
        teacher.precision = network.precision
    telling = _telling_layer(network)
    groups = [*_groups(network, config.train.weight_decay), {"params": list(telling.parameters()), "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, config.train.learning_rate)
    learnt = [values for values in network.parameters() if values.requires_grad]
    average = [values.detach().clone() for values in learnt]
    done, average = _restored(run, network, telling, optimizer) or (0, average)
    for table in (run / STEPS, run / VALIDATION):
        forget_after(table, done)
    mixture = Mixture(training, config, not_lesions)
    seen = {name: (_crops(samples, config.model.size_px), samples) for name, samples in validation.items()}
    total = config.train.steps
    started, first, losses = time.monotonic(), done, []
    for step, batch in enumerate(mixture.ahead(done, total), start=done):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        network.train()
        loss = _loss(network, telling, _taught(batch, asked, config.distill.share))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, config.train.clip_norm)
        optimizer.step()
        decay = min(config.train.ema_decay, (1.0 + step) / (10.0 + step))
        torch._foreach_lerp_(average, [values.detach() for values in learnt], 1.0 - decay)
        losses.append(loss.item())
        done = step + 1
        if done % _REPORT_EVERY == 0 or done == total:
            left = (time.monotonic() - started) * work(config.train, done, total) / work(config.train, first, done) / 60
            row = {"step": done, "size_px": size_at(config.train, step), "loss": round(float(np.mean(losses)), 5)}
            append(run / STEPS, row)
            print(f"step {done}/{total}  loss {row['loss']:.4f}  {left:.0f} min left", flush=True)
            losses = []
        if done % config.train.evaluate_every == 0 or done == total:
            with _averaged(learnt, average):
                figures = {name: judge(network, *part) for name, part in seen.items()}
            row = {"step": done} | {f"{name}_{key}": v for name, some in figures.items() for key, v in some.items()}
            append(run / VALIDATION, row)
            print(f"step {done}/{total}  {figures}", flush=True)
        if done % config.train.checkpoint_every == 0 or done == total:
            state = {"step": done, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state | {"telling": telling.state_dict(), "average": average}, run / f"{STATE}.new")
            (run / f"{STATE}.new").replace(run / STATE)
    with _averaged(learnt, average):
        return network.arrays()


def fastest(network: TorchNetwork, config: RunConfig) -> torch.dtype:
    """The precision whose steps take least time on this machine, of float32 and bfloat16; the network stays as it was.

    Measured in processor time, which other work on the same cores does not lengthen: bfloat16 is twice as fast as
    float32 on cores with AMX or AVX512-BF16, and half as fast on others.
    """
    size, count = config.train.phases[0].size_px, min(_MEASURED, config.train.batch_size)
    pictures = network_input(np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8))
    taken: dict[torch.dtype, float] = {}
    network.train()
    for precision in (torch.float32, torch.bfloat16):
        network.precision = precision
        for step in range(_WARM_UP + _TIMED):
            if step == _WARM_UP:
                started = time.process_time()
            functional.cross_entropy(network(pictures), torch.zeros(count, dtype=torch.long)).backward()
            network.zero_grad()
        taken[precision] = time.process_time() - started
        speed = count * _TIMED / taken[precision]
        print(
            f"{str(precision).removeprefix('torch.')}: {speed:.0f} pictures of {size} px a processor second", flush=True
        )
    return min(taken, key=lambda precision: taken[precision])


def network_input(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """uint8[B, S, S, 3] → float32[B, 3, S, S] in [-1, 1], channels last in memory."""
    return (torch.from_numpy(pictures).float() / 127.5 - 1.0).permute(0, 3, 1, 2)


def judge(network: TorchNetwork, crops: NDArray[np.uint8], samples: Sequence[Sample]) -> dict[str, float]:
    """Balanced accuracy over the seven classes, `scc` counted as akiec, and how well malignant ones stand out."""
    network.eval()
    with torch.inference_mode():
        starts = range(0, len(crops), _BATCH)
        logits = torch.cat([network(network_input(crops[start : start + _BATCH])) for start in starts])
    p = torch.softmax(logits, dim=1).numpy().astype(np.float64)
    seven = p[:, :7].copy()
    seven[:, 0] += p[:, 7]
    target = np.array([sample.target for sample in samples])
    named = np.array([not sample.finding for sample in samples])
    ill = np.array([sample.label.malignant for sample in samples])
    malignant = p[:, [0, 1, 4, 7]].sum(axis=1)
    return {
        "balanced_accuracy": round(balanced_accuracy(seven[named].argmax(axis=1), target[named]), 4),
        "malignant_auc": round(area_under_curve(malignant, ill), 4),
        "specificity_at_95": round(float((malignant[~ill] < np.quantile(malignant[ill], 0.05)).mean()), 4),
    }


def _restored(
    run: Path, network: TorchNetwork, telling: torch.nn.Linear, optimizer: torch.optim.Optimizer
) -> tuple[int, list[torch.Tensor]] | None:
    """The steps done and the averaged weights, all else put back where the run's state has it; None: there is none."""
    if not (run / STATE).is_file():
        return None
    state = torch.load(run / STATE, weights_only=True)
    network.load_state_dict(state["network"])
    telling.load_state_dict(state["telling"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), state["average"]


def _telling_layer(network: TorchNetwork) -> torch.nn.Linear:
    """From pooled features to the log-odds of a picture showing no lesion; begins undecided."""
    layer = torch.nn.Linear(network.head.in_features, 1)
    with torch.no_grad():
        for values in layer.parameters():
            values.zero_()
    return layer


def _taught(batch: MixedBatch, teachers: Sequence[TorchNetwork], share: float) -> MixedBatch:
    """The batch with that share of its labels replaced by what the teachers say of the very pictures."""
    if not teachers:
        return batch
    with torch.inference_mode():
        pictures = network_input(batch.pictures[: len(batch.labels)])
        said = [teacher(pictures).numpy() for teacher in teachers]
    return batch._replace(labels=soften(batch.labels, pooled_opinion(said, batch.log_prior), share))


def _loss(network: TorchNetwork, telling: torch.nn.Linear, batch: MixedBatch) -> torch.Tensor:
    """Of the classes of a batch's lesions and, both sides of the same weight, of telling the rest from them."""
    pooled = network.features(network_input(batch.pictures))
    lesions = len(batch.labels)
    logits = network.classify(pooled[:lesions]) + torch.from_numpy(batch.log_prior)
    loss = functional.cross_entropy(logits, torch.from_numpy(batch.labels))
    if lesions == len(pooled):
        return loss
    odds = _TELLING_GAIN * telling(pooled)[:, 0]
    told = functional.softplus(odds[:lesions]).mean() + functional.softplus(-odds[lesions:]).mean()
    return loss + _TELLING_SHARE * told / 2.0


def _groups(network: TorchNetwork, decay: float) -> list[dict[str, Any]]:
    """Kernels decay, scales and offsets do not."""
    learnt = [values for values in network.parameters() if values.requires_grad]
    return [
        {"params": [values for values in learnt if values.ndim > 1], "weight_decay": decay},
        {"params": [values for values in learnt if values.ndim == 1], "weight_decay": 0.0},
    ]


class _averaged:  # noqa: N801 - a context manager
    """The averaged weights in the network's place, while it lasts."""

    def __init__(self, learnt: Sequence[torch.Tensor], average: Sequence[torch.Tensor]) -> None:
        self._learnt, self._average = learnt, average

    def __enter__(self) -> None:
        self._kept = [values.detach().clone() for values in self._learnt]
        self._put(self._average)

    def __exit__(self, *_: object) -> None:
        self._put(self._kept)

    def _put(self, values: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            for mine, other in zip(self._learnt, values, strict=True):
                mine.copy_(other)


def _crops(samples: Sequence[Sample], size: int) -> NDArray[np.uint8]:
    """The whole square of every sample in neutral light, uint8[N, size, size, 3]."""
    return np.stack([crop_square(read_rgb(sample.path), View(neutral=True), size) for sample in samples])
