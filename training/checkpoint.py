"""A run's state on disk: one npz file, replaced atomically, so a kill at any moment loses minutes at most."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import RunError

FILE = "checkpoint.npz"
GROUPS = ("model", "average", "optimizer")


def save(folder: Path, step: int, groups: dict[str, Sequence[Any]]) -> None:
    """Write the variables of every group of `GROUPS` and the number of steps done."""
    from keras import ops

    arrays = {
        f"{name}/{index}": np.asarray(ops.convert_to_numpy(value))
        for name in GROUPS
        for index, value in enumerate(groups[name])
    }
    temporary = folder / f"{FILE}.new"
    with temporary.open("wb") as stream:
        np.savez(stream, step=step, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / FILE)


def load(folder: Path, groups: dict[str, Sequence[Any]]) -> int:
    """Fill the variables of the groups given; returns the number of steps done.

    Raises:
        RunError: there is no checkpoint, or it belongs to another model.
    """
    path = folder / FILE
    if not path.is_file():
        raise RunError(f"{folder} has no checkpoint: run `python -m training train` first")
    with np.load(path, allow_pickle=False) as arrays:
        for name, variables in groups.items():
            count = sum(key.startswith(f"{name}/") for key in arrays.files)
            if count != len(variables):
                raise RunError(f"{path} holds {count} {name} variables, this configuration has {len(variables)}")
            for index, variable in enumerate(variables):
                value = arrays[f"{name}/{index}"]
                if tuple(variable.shape) != value.shape:
                    raise RunError(f"{path}: {name}/{index} is {value.shape}, not {tuple(variable.shape)}")
                variable.assign(value)
        return int(arrays["step"])
