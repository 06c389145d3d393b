"""One TOML file per run → frozen dataclasses; a wrong key or value is an error that names it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from training.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class ModelConfig:
    """The network.

    Attributes:
        alpha: width of MobileNetV2.
        size_px: side of the published model's input.
        pretrained: start from the ImageNet weights (their file is given on the command line).
        start: start from the averaged weights of this run, which lies beside the new one ("": from none).
        frozen_before: the layers before the one of this name stay as pretrained, statistics too ("": none do).
        dropout: on the pooled features.
        batch_norm_momentum: of the moving statistics; Keras' 0.999 is too slow for short runs.
    """

    alpha: float = 1.0
    size_px: int = 224
    pretrained: bool = True
    start: str = ""
    frozen_before: str = "block_3_expand"
    dropout: float = 0.2
    batch_norm_momentum: float = 0.99


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one resolution (progressive resizing).

    Attributes:
        size_px: side of the training crops.
        steps: optimiser steps.
    """

    size_px: int
    steps: int

    def __post_init__(self) -> None:
        if self.size_px < 32 or self.size_px % 32 or self.steps < 1:
            raise ValueError(f"a phase needs a size divisible by 32 and at least one step, not {self}")


@dataclass(frozen=True)
class SourceConfig:
    """One of several sources of pictures.

    Attributes:
        name: its folder's.
        share: of every batch, in proportion to the others'.
    """

    name: str
    share: float


@dataclass(frozen=True)
class TrainConfig:
    """The optimisation.

    Attributes:
        seed: of everything random.
        batch_size: pictures per step.
        phases: resolutions in order.
        learning_rate: peak of the cosine schedule.
        warmup_steps: linear rise to the peak.
        weight_decay: of AdamW.
        clip_norm: of the global gradient.
        label_smoothing: share of the target spread over all classes.
        ema_decay: of the averaged weights, which are what is evaluated and exported.
        sampling_exponent: classes are drawn ∝ count ** exponent (1: as they come, 0: equally often).
        mixup_probability: share of batches that are mixed.
        mixup_alpha: of the Beta distribution that mixes them.
        evaluate_every: steps between looks at the validation split.
        checkpoint_every: steps between checkpoints.
        sources: whose pictures every batch holds (none: HAM10000's alone, and seven outputs instead of eight).
        negatives: pictures of no lesion added to every batch of several sources; the features learn to tell them apart.
    """

    seed: int
    batch_size: int
    phases: tuple[Phase, ...]
    learning_rate: float
    warmup_steps: int = 100
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    sampling_exponent: float = 0.5
    mixup_probability: float = 0.2
    mixup_alpha: float = 0.2
    evaluate_every: int = 400
    checkpoint_every: int = 100
    sources: tuple[SourceConfig, ...] = ()
    negatives: int = 0

    @property
    def steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.steps for phase in self.phases)


@dataclass(frozen=True)
class AugmentConfig:
    """What training pictures go through; every range is drawn from uniformly.

    Attributes:
        side: smallest and largest crop side, as shares of the picture's shorter side.
        stretch: log aspect ratio, ±.
        gain: log gain of each colour channel (the illuminant), ±.
        brightness: log gain of all channels, ±.
        contrast: change of the distance to the mean grey, ±.
        saturation: change of the distance to each pixel's own grey, ±.
        blur_probability: of a slight Gaussian blur.
        sharpen_probability: of slight unsharp masking.
        cutout_probability: of a rectangle in the mean colour.
        hair_probability: of drawn hairs.
        constancy_probability: of dividing by the illuminant that the picture itself suggests.
        tone_probability: of showing it in the colours of another source, as far apart as measured pairs are, or less.
        ruler_probability: of a drawn ruler.
    """

    side: tuple[float, float] = (0.7, 1.0)
    stretch: float = 0.08
    gain: float = 0.08
    brightness: float = 0.15
    contrast: float = 0.2
    saturation: float = 0.25
    blur_probability: float = 0.15
    sharpen_probability: float = 0.15
    cutout_probability: float = 0.25
    hair_probability: float = 0.0
    constancy_probability: float = 0.0
    tone_probability: float = 0.0
    ruler_probability: float = 0.0


@dataclass(frozen=True)
class DistillConfig:
    """Learning from what other runs say of each picture.

    Attributes:
        teachers: names of runs that lie beside the new one; their averaged weights are asked (none: nobody is).
        share: of the target that is theirs.
    """

    teachers: tuple[str, ...] = ()
    share: float = 0.5


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run.

    Attributes:
        split: name of a file in `training/splits/`, without its ending.
    """

    split: str
    train: TrainConfig
    model: ModelConfig = field(default_factory=ModelConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)


def load_config(path: Path) -> RunConfig:
    """Read a run's TOML file.

    Raises:
        ConfigError: unreadable, not TOML, or a wrong key or value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return _parse(RunConfig, document, "")
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def changes(before: RunConfig, after: RunConfig) -> dict[str, str]:
    """Every value that differs, “before → after” by its key ("train.seed", …)."""
    old, new = _flat(asdict(before)), _flat(asdict(after))
    return {key: f"{old[key]} → {new[key]}" for key in old if old[key] != new[key]}


def _flat(document: object, where: str = "") -> dict[str, str]:
    """{"train.seed": "1", …}; a list becomes one value."""
    if isinstance(document, dict):
        parts = [_flat(value, f"{where}.{key}" if where else key) for key, value in document.items()]
        return {key: value for part in parts for key, value in part.items()}
    if isinstance(document, tuple):
        return {where: " + ".join(_listed(value) for value in document)}
    return {where: str(document)}


def _listed(value: object) -> str:
    """A phase of the schedule, a source, or a plain value, in a list."""
    if not isinstance(value, dict):
        return str(value)
    return f"{value['steps']} at {value['size_px']} px" if "steps" in value else f"{value['share']} {value['name']}"


def _parse(kind: type[T], document: Mapping[str, Any], where: str) -> T:
    hints = get_type_hints(kind)
    unknown = sorted(set(document) - {item.name for item in fields(kind)})  # type: ignore[arg-type]  # any dataclass
    if unknown:
        raise ValueError(f"unknown key {where}{unknown[0]}")
    values = {key: _convert(hints[key], value, f"{where}{key}") for key, value in document.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"[{where.rstrip('.') or 'top level'}] {error}") from error


def _convert(hint: Any, value: object, where: str) -> Any:  # noqa: ANN401 - any annotation of a dataclass, and its value
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} must be a table")
        return _parse(hint, value, f"{where}.")
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list")
        return tuple(_convert(get_args(hint)[0], item, where) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"{where} must be {hint.__name__}, not {value!r}")
    return value
