"""The older runtime, in an environment of its own, against the one of this environment.

Both have kernels of their own for int8 (LiteRT's come from XNNPACK) that round differently, which adds up over a real
network's fifty layers; LiteRT's other kernels are the older runtime's and must agree to the last bit but one.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models import interpreter as interpreters
from edge_models.image_file import read_rgb
from edge_models.interpreter import CpuInterpreter
from edge_models.runtime import Runtime

litert = pytest.importorskip("ai_edge_litert.interpreter", reason="compares tflite-runtime with LiteRT")

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-tflite-runtime" / "bin" / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no .venv-tflite-runtime: `make tflite-runtime-env` makes it, with Python 3.11"
)


def in_the_other_environment(bundle: Path, pictures: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What `classify_arrays.py` writes there, by picture and output."""
    np.savez(folder / "pictures.npz", **pictures)
    subprocess.run(
        [PYTHON, Path(__file__).with_name("classify_arrays.py"), bundle, folder / "pictures.npz", folder / "out.npz"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        check=True,
    )
    with np.load(folder / "out.npz") as results:
        return dict(results)


def here(bundle: Path, pictures: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same program in this environment."""
    spec = importlib.util.spec_from_file_location("classify_arrays", Path(__file__).with_name("classify_arrays.py"))
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    np.savez(folder / "pictures.npz", **pictures)
    program.main(bundle, folder / "pictures.npz", folder / "here.npz")
    with np.load(folder / "here.npz") as results:
        return dict(results)


@pytest.fixture(params=["tiny", "shipped"])
def bundle(request: pytest.FixtureRequest, shared_tiny_bundle: Path) -> Path:
    if request.param == "tiny":
        return shared_tiny_bundle
    return bundles.default_bundle()


@pytest.fixture
def pictures(picture: NDArray[np.uint8]) -> dict[str, Any]:
    """Real dermatoscopic pictures where there are any, else patches of colour."""
    data = os.environ.get("DERMAKIOSK_DATA")
    if not data:
        return {"patches": picture}
    files = sorted(Path(data).joinpath("isic2018_task3_val", "images").glob("*.jpg"))[::50]
    return {"patches": picture, **{file.stem: read_rgb(file) for file in files}}


def test_both_runtimes_give_the_same_prediction(bundle: Path, pictures: dict[str, Any], tmp_path: Path) -> None:
    older, newer = in_the_other_environment(bundle, pictures, tmp_path), here(bundle, pictures, tmp_path)
    assert str(older.pop("runtime")) == "tflite-runtime 2.14.0"
    assert str(newer.pop("runtime")).startswith("ai-edge-litert ")
    for name in pictures:
        batches = [key for key in newer if key.startswith(f"{name}/batch/")]
        assert len(batches) >= 2
        assert all(np.array_equal(older[key], newer[key]) for key in batches)
        left, right = older[f"{name}/probabilities"], newer[f"{name}/probabilities"]
        assert np.abs(left - right).max() < 0.03
        first, second = np.sort(left)[:-3:-1]
        if first - second > 0.06:
            assert left.argmax() == right.argmax()
        assert older[f"{name}/unfamiliarity"] == pytest.approx(newer[f"{name}/unfamiliarity"], rel=0.05)


def test_the_same_kernels_agree(
    bundle: Path, pictures: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = in_the_other_environment(bundle, pictures, tmp_path)
    plain = partial(
        litert.Interpreter, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    module = SimpleNamespace(Interpreter=plain)
    monkeypatch.setattr(interpreters, "runtime", lambda: Runtime(module, "LiteRT without XNNPACK", ""))
    newer = here(bundle, pictures, tmp_path)
    network = CpuInterpreter(bundles.load(bundle), 1)._networks[0][0]
    steps = {
        "logits": network._logits.quantisation.scale,
        "activation_map": network._activation_map.quantisation.scale,
        "embedding": network._embedding.quantisation.scale,
    }
    for name in pictures:
        for output, step in steps.items():
            apart = np.abs(older[f"{name}/{output}"][0] - newer[f"{name}/{output}"][0])
            assert apart.max() <= 1.01 * step, output
