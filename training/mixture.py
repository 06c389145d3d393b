"""Training batches of several sources: each has its share of every batch, and a prior of its own in the loss.

One prior for all would teach the network that pictures of a source that is mostly malignant are malignant. So classes
are drawn within their source, the loss adds the log of that source's prior (balanced softmax, Ren et al. 2020,
arXiv:2007.10740), and pictures are blended within their source only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.augment import augment
from training.config import RunConfig
from training.dataset import HAM10000, OUTPUTS, Sample, remembering_reader
from training.negatives import generate_one, vary
from training.sampling import ahead, blend, size_at
from training.tones import Maps, opposite, tone_maps

_ABSENT = 0.06
"""Prior of a class that a source does not have: its pictures are truly none of it, which must be learnt too."""
_GENERATED, _VARIED = 0.15, 0.3
"""Shares of the pictures of no lesion that are made from nothing, and that are a variation of a photo."""


class MixedBatch(NamedTuple):
    """One optimiser step's input.

    Attributes:
        pictures: uint8[B + M, S, S, 3]; the last M show no lesion.
        labels: float32[B, 8], soft targets that sum to 1, in the order of `OUTPUTS`.
        log_prior: float32[B, 8], of every picture's source.
        home: bool[B], whether the picture is HAM10000's.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.float32]
    log_prior: NDArray[np.float32]
    home: NDArray[np.bool_]


class Mixture:
    """Draws a source's part of the batch, classes ∝ count ** exponent, then an image; no step depends on another."""

    def __init__(self, samples: Sequence[Sample], config: RunConfig, not_lesions: Sequence[Path] = ()) -> None:
        self._samples = samples
        self._not_lesions = not_lesions
        self._config = config
        self._read = remembering_reader()
        self.sources = [source.name for source in config.train.sources]
        size, shares = config.train.batch_size, np.array([source.share for source in config.train.sources])
        self._counts = np.diff(np.round(np.append(0.0, np.cumsum(shares / shares.sum())) * size).astype(int))
        outputs = np.array([sample.output for sample in samples])
        origin = np.array([sample.source for sample in samples])
        self._members = [
            [np.flatnonzero((outputs == place) & (origin == name)) for place in range(len(OUTPUTS))]
            for name in self.sources
        ]
        counts = np.array([[len(some) for some in members] for members in self._members], np.float64)
        weights = np.where(counts > 0, np.maximum(counts, 1.0) ** config.train.sampling_exponent, 0.0)
        self.drawn: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        prior = np.maximum(self.drawn, _ABSENT)
        self.prior: NDArray[np.float64] = prior / prior.sum(axis=1, keepdims=True)
        self._tones = self._measure_tones()

    def batch(self, step: int) -> MixedBatch:
        """The batch of one step, counted from 0."""
        train = self._config.train
        rng = np.random.default_rng([train.seed, step])
        size = size_at(train, step)
        pictures, labels, priors, home = [], [], [], []
        mixed = rng.random() < train.mixup_probability
        for place, count in enumerate(self._counts):
            chosen = rng.choice(len(OUTPUTS), count, p=self.drawn[place])
            indices = [int(rng.choice(self._members[place][label])) for label in chosen]
            some = np.stack([self._crop(index, size, rng) for index in indices])
            said = np.eye(len(OUTPUTS), dtype=np.float32)[chosen] * (1.0 - train.label_smoothing)
            said = said + np.float32(train.label_smoothing / len(OUTPUTS))
            if mixed:
                some, said = blend(some, said, float(rng.beta(train.mixup_alpha, train.mixup_alpha)), rng)
            pictures.append(some)
            labels.append(said)
            priors.append(np.repeat(np.log(self.prior[place])[np.newaxis], count, axis=0))
            home.append(np.full(count, self.sources[place] == HAM10000))
        if train.negatives:
            pictures.append(np.stack([self._no_lesion(size, rng) for _ in range(train.negatives)]))
        return MixedBatch(
            np.concatenate(pictures),
            np.concatenate(labels).astype(np.float32),
            np.concatenate(priors).astype(np.float32),
            np.concatenate(home),
        )

    def ahead(self, first: int, stop: int) -> Iterator[MixedBatch]:
        """The batches of steps `first` … `stop - 1`, some made ahead of time."""
        return ahead(self.batch, first, stop)

    def _crop(self, index: int, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        sample = self._samples[index]
        tones = self._tones.get(sample.source)
        tone = tones[int(rng.integers(len(tones)))] if tones is not None and len(tones) else None
        return augment(self._read(sample.path), size, self._config.augment, rng, tone)

    def _no_lesion(self, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Goes through all that lesions go through, so that nothing but what it shows tells it from them."""
        drawn = rng.random()
        if drawn < _GENERATED:
            rgb = generate_one(rng)
        else:
            rgb = self._read(self._not_lesions[int(rng.integers(len(self._not_lesions)))])
            rgb = vary(rgb, rng) if drawn < _GENERATED + _VARIED else rgb
        maps = self._tones.get(self.sources[int(rng.integers(len(self.sources)))])
        tone = maps[int(rng.integers(len(maps)))] if maps is not None and len(maps) else None
        return augment(rgb, size, self._config.augment, rng, tone)

    def _measure_tones(self) -> dict[str, Maps]:
        """By source, the maps that make its pictures look like another's."""
        if not self._config.augment.tone_probability:
            return {}
        away = [source for source in self.sources if source != HAM10000]
        there = {source: tone_maps(self._samples, source) for source in away}
        found = {source: opposite(maps) for source, maps in there.items() if len(maps)}
        if found:
            both = np.concatenate([maps for maps in there.values() if len(maps)])
            found[HAM10000] = both
            found |= {source: both for source in away if source not in found}
        return found
