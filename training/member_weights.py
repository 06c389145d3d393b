"""A network's weights by layer, in float16: what stays of a finished run, small enough for the project's source.

`training/weights/<name>/` holds them with the run's configuration and logs, so that a member can be quantized again,
started from or learnt from in a fresh clone. Arrays are Keras' own, `<layer>/<place in layer.get_weights()>`; in half
precision a kernel is off by 0.05 % of itself at most, a fifth of what int8 will cost it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from training.dataset import OUTPUTS
from training.errors import RunError
from training.layers import HEAD, convolutions

Arrays = Mapping[str, NDArray[Any]]
WEIGHTS = Path(__file__).parent / "weights"
FILE = "weights.npz"
_STEP = "step"
_LARGEST = float(np.finfo(np.float16).max)


def save(folder: Path, arrays: Arrays, step: int) -> None:
    """Write weights.npz: float16 arrays by layer, and the number of steps that made them.

    Raises:
        RunError: a value is beyond float16.
    """
    wrong = [key for key, values in arrays.items() if not np.abs(values).max() <= _LARGEST]  # so that NaN is wrong too
    if wrong:
        raise RunError(f"{folder}: {wrong[0]} does not fit into float16")
    halves = {key: np.asarray(values, np.float16) for key, values in arrays.items()}
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{FILE}.new"
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **halves, **{_STEP: np.array(step)})
    temporary.replace(folder / FILE)


def load(folder: Path) -> tuple[dict[str, NDArray[np.float32]], int]:
    """What `save` wrote, in float32, and the number of steps.

    Raises:
        RunError: there is none, or it is damaged.
    """
    try:
        content = io.BytesIO((folder / FILE).read_bytes())
        with np.load(content, allow_pickle=False) as stored:
            step = int(stored[_STEP])
            return {key: stored[key].astype(np.float32) for key in stored.files if key != _STEP}, step
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise RunError(f"{folder / FILE} cannot be used: {error}") from error


def of_model(model: Any) -> dict[str, NDArray[np.float32]]:
    """The weights of a network that `training.model.build_model` made."""
    return {
        f"{name}/{place}": np.asarray(values, np.float32)
        for name in _layers()
        for place, values in enumerate(model.get_layer(name).get_weights())
    }


def into_model(model: Any, arrays: Arrays) -> None:
    """Fill such a network.

    Raises:
        RunError: the arrays are another network's.
    """
    for name in _layers():
        layer = model.get_layer(name)
        given = [arrays.get(f"{name}/{place}") for place in range(len(layer.get_weights()))]
        shapes = [None if values is None else values.shape for values in given]
        if shapes != [values.shape for values in layer.get_weights()]:
            raise RunError(f"the weights of {name} have the shapes {shapes}: they are another network's")
        layer.set_weights([np.asarray(values, np.float32) for values in given])


def locate(name: str, runs: Path) -> Path:
    """The folder that holds a run's weights: beside other runs, else among the committed ones.

    Raises:
        RunError: neither does.
    """
    for folder in (runs / name, WEIGHTS / name):
        if (folder / FILE).is_file():
            return folder
    raise RunError(f"neither {runs} nor {WEIGHTS} holds the weights of {name}: train or recover it first")


def outputs(arrays: Arrays) -> int:
    """How many classes the network tells apart."""
    return int(arrays[f"{HEAD}/1"].shape[0])


def widened(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The same with an output for every class of `OUTPUTS`: the eighth, `scc`, begins as its relative akiec."""
    kernel, bias = arrays[f"{HEAD}/0"], arrays[f"{HEAD}/1"]
    missing = len(OUTPUTS) - outputs(arrays)
    more = {
        f"{HEAD}/0": np.concatenate([kernel, *[kernel[..., :1]] * missing], axis=-1),
        f"{HEAD}/1": np.concatenate([bias, *[bias[:1]] * missing]),
    }
    return dict(arrays) | more


def _layers() -> list[str]:
    return [name for pair in convolutions() for name in pair] + [HEAD]
