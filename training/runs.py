"""What the folder of a finished run holds, and which runs a bundle was made of."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_models import bundle as bundles
from edge_models.preprocess import View
from training.config import RunConfig, changes, load_config
from training.errors import RunError
from training.member_weights import FILE, WEIGHTS
from training.split import widest

CONFIG = "config.toml"
LOGS = (CONFIG, "environment.json", "validation.csv")
"""What stays of a released member's training: the rest of its folder is too large for the project's source."""
LARGEST_BYTES = 6_000_000
"""Of a committed file of weights."""
QUANTIZATION = "quantization.json"
"""What `quantize` measured of a run: what the integers cost on one view of the validation part."""


def open_run(config: Path, run: Path) -> RunConfig:
    """Make a run's folder with its configuration, or go back to one.

    Args:
        config: a file like those in training/configs/.
        run: the folder.

    Raises:
        ConfigError: either configuration is wrong.
        RunError: the folder holds a run with another one.
    """
    wanted = load_config(config)
    if (run / CONFIG).is_file():
        differing = changes(read_config(run), wanted)
        if differing:
            named = "; ".join(f"{key} {change}" for key, change in differing.items())
            raise RunError(f"{run} holds a run with another configuration ({named}): name another folder with --run")
    else:
        run.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(config, run / CONFIG)
    return wanted


def restore(run: Path) -> bool:
    """Fill a run's folder from the committed weights of the same name and configuration; whether it is finished.

    A run that has a state or a checkpoint of its own goes on from there.
    """
    kept = WEIGHTS / run.resolve().name
    if (run / FILE).is_file():
        return True
    begun = any((run / name).is_file() for name in ("checkpoint.npz", "state.pt"))
    if begun or not (kept / FILE).is_file() or changes(read_config(kept), read_config(run)):
        return False
    for path in kept.iterdir():
        shutil.copyfile(path, run / path.name)
    return True


def keep_run(run: Path) -> Path:
    """Copy a finished run's weights, configuration and logs to where they are committed; returns the folder.

    Raises:
        RunError: it is not finished, or the weights are too large for the project's source.
    """
    wanted = (FILE, "steps.csv", *LOGS)
    lacking = [name for name in wanted if not (run / name).is_file()]
    if lacking:
        raise RunError(f"{run} holds no {lacking[0]}: run `python -m training train` first")
    size = (run / FILE).stat().st_size
    if size > LARGEST_BYTES:
        raise RunError(f"{run / FILE} has {size} bytes, more than the {LARGEST_BYTES} that a file here may have")
    folder = WEIGHTS / run.resolve().name
    folder.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        shutil.copyfile(run / name, folder / name)
    return folder


def keep_logs(runs: Sequence[Path], folder: Path) -> None:
    """Copy what a run's folder says of its training, small files all, to `<folder>/<run>/`.

    Raises:
        RunError: a run has not all of them.
    """
    for run in runs:
        lacking = [name for name in LOGS if not (run / name).is_file()]
        if lacking:
            raise RunError(f"{run} holds no {lacking[0]}: run `python -m training train` first")
        kept = folder / run.resolve().name
        kept.mkdir(parents=True, exist_ok=True)
        for name in LOGS:
            shutil.copyfile(run / name, kept / name)


def read_config(run: Path) -> RunConfig:
    """The configuration that a run was trained with.

    Raises:
        ConfigError: there is none, or it is wrong.
    """
    return load_config(run / CONFIG)


def network_file(run: Path) -> Path:
    """Where `quantize` puts a run's network."""
    return run / f"{run.resolve().name}_int8.tflite"


def read_quantization(run: Path) -> dict[str, Any]:
    """What `quantize` measured.

    Raises:
        RunError: the run was not quantized.
    """
    if not (run / QUANTIZATION).is_file():
        raise RunError(f"{run} holds no {QUANTIZATION}: run `python -m training quantize` first")
    return dict(json.loads((run / QUANTIZATION).read_text(encoding="utf-8")))


def is_bundle(folder: Path) -> bool:
    """Whether a folder holds a bundle; else it is taken for a run's."""
    return (folder / "manifest.json").is_file()


def read_members(sources: Sequence[Path]) -> tuple[dict[str, bytes], tuple[int, ...], str]:
    """The members' bytes by file name, their input sizes and the widest of the splits that they were trained with.

    Args:
        sources: quantized runs, and folders of sealed bundles that stand for all their members.

    Raises:
        RunError: a run is not quantized, or they do not fit each other.
        DatasetError: what one was trained on is held out from another.
        BundleError: a bundle was altered.
    """
    found: list[tuple[str, bytes, int]] = []
    splits = set()
    for source in sources:
        if is_bundle(source):
            loaded = bundles.load(source)
            found += zip(loaded.manifest.members, loaded.member_bytes, loaded.manifest.input_sizes_px, strict=True)
            splits.add(str(json.loads((source / "manifest.json").read_text(encoding="utf-8"))["split"]))
            continue
        config, file = read_config(source), network_file(source)
        if not file.is_file():
            raise RunError(f"{source} is not quantized: run `python -m training quantize` first")
        found.append((file.name, file.read_bytes(), config.model.size_px))
        splits.add(config.split)
    members = {name: content for name, content, _ in found}
    if len(members) != len(found):
        raise RunError("members must be different runs")
    return members, tuple(size for _, _, size in found), widest(splits) if len(splits) > 1 else splits.pop()


def views_of(published: Sequence[Path]) -> tuple[View, ...]:
    """The views of some bundles.

    Raises:
        RunError: they differ.
        BundleError: a bundle was altered.
    """
    views = {bundles.load(folder).manifest.views for folder in published}
    if len(views) != 1:
        raise RunError("these bundles look at a picture in different views: name --crops and --orientations")
    return views.pop()


def runs_of(bundle: Path, runs: Sequence[Path]) -> list[Path]:
    """Put runs in the order of a bundle's members.

    Args:
        bundle: folder of a sealed bundle.
        runs: quantized, one a member, in any order.

    Raises:
        RunError: a member has no run, or a run's network is no member.
        BundleError: the bundle was altered.
    """
    by_hash = {read_quantization(run)["sha256"]: run for run in runs}
    loaded = bundles.load(bundle)
    ordered = []
    for name, content in zip(loaded.manifest.members, loaded.member_bytes, strict=True):
        run = by_hash.pop(hashlib.sha256(content).hexdigest(), None)
        if run is None:
            raise RunError(f"no run given holds {name}, a member of {bundle}: name one for every member with --runs")
        ordered.append(run)
    if by_hash:
        raise RunError(f"{bundle} was not made of the network that {next(iter(by_hash.values()))} holds")
    return ordered
