"""Latency documents as `python -m benchmarks latency` writes them, with planted latencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks import kinds
from benchmarks.latency import summarise


@pytest.fixture
def make_latency() -> Callable[..., dict[str, Any]]:
    """`make_latency(seed, slower=1.0, captures=80)`: a document whose invoke takes `slower` times as long."""

    def make(seed: int = 0, slower: float = 1.0, captures: int = 80, hot: bool = False) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        samples = []
        for number in range(captures):
            stages = {
                "capture": 40 + rng.gamma(2, 1),
                "reduce": 3 + rng.gamma(2, 0.1),
                "quality": 1.5 + rng.gamma(2, 0.1),
                "preprocess": 2 + rng.gamma(2, 0.1),
                "invoke": (50 + rng.gamma(2, 2)) * slower,
                "calibrate": 0.1 + rng.gamma(2, 0.05),
                "explain": 0.1 + rng.gamma(2, 0.05),
            }
            samples.append(
                {
                    "at_s": number * 0.4,
                    "outcome": "result",
                    "timings_ms": {**stages, "total": sum(stages.values()) + 0.5},
                    "inferences_ms": [[stages["invoke"] / 4] * 8],
                    "resident_mib": 250.0,
                    "temperature_c": 60.0 + number / 4 if hot else None,
                    "clock_mhz": 1500.0 if hot else None,
                    "throttle_flags": 0b100 if hot and number > captures // 2 else None,
                }
            )
        document: dict[str, Any] = {
            "kind": kinds.LATENCY,
            "machine": {
                "model": "Testboard <4>",
                "architecture": "aarch64",
                "cores": 4,
                "governor": "ondemand",
                "memory_mib": 4096,
                "os": "Debian",
                "python": "3.11",
                "packages": {"numpy": "1.26.4"},
                "commit": "abc",
            },
            "engine": {"runtime": "ai-edge-litert 2.3.0", "device": "cpu", "threads": 4, "note": ""},
            "bundle": {"model_id": "m", "members": 1, "views": 8, "input_sizes_px": [224]},
            "camera": "phantom",
            "options": {},
            "cold": [{"python": 0.1, "result": 0.9, "total": 1.0}],
            "warm": samples,
            "sustained": [],
        }
        return {**document, "summary": summarise(document)}

    return make


@pytest.fixture
def peers_document() -> dict[str, Any]:
    """A peers document in which tflite-runtime takes 18 times as long as LiteRT."""

    def row(name: str, engine: str, delegate: str, p50: float) -> dict[str, Any]:
        return {
            "name": name,
            "engine": engine,
            "threads": 1,
            "delegate": delegate,
            "latency_ms": {"p50": p50, "p95": p50 * 1.2},
            "model_mib": 2.6,
            "runtime_mib": 50.0,
            "resident_mib": 90.0,
            "bare_mib": 30.0,
            "agreement": 1.0,
            "largest_difference": 0.0,
            "balanced_accuracy": None,
        }

    return {
        "kind": kinds.PEERS,
        "machine": {"model": "Testboard <4>", "cores": 4},
        "bundle": "m",
        "member": "a_int8.tflite",
        "members": 2,
        "input_size_px": 256,
        "pictures": {"source": "phantom camera", "count": 3, "labelled": 0},
        "threads": 1,
        "rounds": 3,
        "peers": [
            row("LiteRT int8", "ai-edge-litert 2.3.0", "XNNPACK", 3.0),
            row("tflite-runtime int8", "tflite-runtime 2.14.0", "none", 54.0),
        ],
        "left_out": [{"name": "OpenCV DNN", "why": "no onnx"}],
    }
