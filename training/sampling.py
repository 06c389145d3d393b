"""Training batches: a pure function of seed and step, made ahead of time in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import augment
from training.config import RunConfig, TrainConfig
from training.dataset import CLASS_ORDER, Sample, remembering_reader, targets

T = TypeVar("T")


class Batch(NamedTuple):
    """One optimiser step's input.

    Attributes:
        pictures: uint8[B, S, S, 3].
        labels: float32[B, 7], soft targets that sum to 1.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.float32]


class Sampler:
    """Draws classes ∝ count ** exponent, then an image of the class; no step depends on an earlier one."""

    def __init__(self, samples: Sequence[Sample], config: RunConfig) -> None:
        self._samples = samples
        self._config = config
        self._read = remembering_reader()
        labels = targets(samples)
        self._by_class = [np.flatnonzero(labels == label) for label in range(len(CLASS_ORDER))]
        counts = np.array([len(indices) for indices in self._by_class], np.float64)
        weights = np.where(counts > 0, np.maximum(counts, 1.0) ** config.train.sampling_exponent, 0.0)
        self.prior: NDArray[np.float64] = weights / weights.sum()

    def batch(self, step: int) -> Batch:
        """The batch of one step, counted from 0."""
        train = self._config.train
        rng = np.random.default_rng([train.seed, step])
        size = self.size_at(step)
        chosen = rng.choice(len(CLASS_ORDER), train.batch_size, p=self.prior)
        indices = [int(rng.choice(self._by_class[label])) for label in chosen]
        pictures = np.stack(
            [augment(self._read(self._samples[index].path), size, self._config.augment, rng) for index in indices]
        )
        smoothing = train.label_smoothing
        labels = np.eye(len(CLASS_ORDER), dtype=np.float32)[chosen] * (1.0 - smoothing) + smoothing / len(CLASS_ORDER)
        if rng.random() < train.mixup_probability:
            pictures, labels = blend(pictures, labels, float(rng.beta(train.mixup_alpha, train.mixup_alpha)), rng)
        return Batch(pictures, labels.astype(np.float32))

    def size_at(self, step: int) -> int:
        """Side in pixels of the crops of one step."""
        return size_at(self._config.train, step)

    def work(self, first: int, stop: int) -> float:
        """Megapixels of the steps `first` … `stop - 1`, what their time is proportional to."""
        return work(self._config.train, first, stop)

    def ahead(self, first: int, stop: int) -> Iterator[Batch]:
        """The batches of steps `first` … `stop - 1`, some made ahead."""
        return ahead(self.batch, first, stop)


def size_at(train: TrainConfig, step: int) -> int:
    """Side in pixels of the crops of one step."""
    for phase in train.phases:
        if step < phase.steps:
            return phase.size_px
        step -= phase.steps
    return train.phases[-1].size_px


def work(train: TrainConfig, first: int, stop: int) -> float:
    """Megapixels of the steps `first` … `stop - 1`, what their time is proportional to."""
    return sum(size_at(train, step) ** 2 for step in range(first, stop)) * train.batch_size / 1e6


def ahead(make: Callable[[int], T], first: int, stop: int, threads: int = 2, depth: int = 6) -> Iterator[T]:
    """What `make` gives for the steps `first` … `stop - 1`, up to `depth` of them made ahead in threads."""
    with ThreadPoolExecutor(threads, thread_name_prefix="batch") as pool:
        waiting: deque[Future[T]] = deque()
        for step in range(first, stop):
            waiting.append(pool.submit(make, step))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def blend(
    pictures: NDArray[np.uint8], labels: NDArray[np.float32], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Blend every picture with another one of the batch (Zhang et al. 2018, arXiv:1710.09412)."""
    other = rng.permutation(len(pictures))
    blended = [cv2.addWeighted(a, share, b, 1.0 - share, 0.0) for a, b in zip(pictures, pictures[other], strict=True)]
    return np.asarray(np.stack(blended), np.uint8), share * labels + (1.0 - share) * labels[other]
