"""Names of MobileNetV2's layers, as `keras.applications` has them, in the order they run."""

from __future__ import annotations

HEAD = "activation_map"
_BLOCKS = 16


def convolutions() -> list[tuple[str, str]]:
    """Names of MobileNetV2's convolutions with those of their BatchNorms, in the order they run; the head has none."""
    pairs = [("Conv1", "bn_Conv1")]
    pairs += [(f"expanded_conv_{step}", f"expanded_conv_{step}_BN") for step in ("depthwise", "project")]
    for number in range(1, _BLOCKS + 1):
        pairs += [
            (f"block_{number}_{step}", f"block_{number}_{step}_BN") for step in ("expand", "depthwise", "project")
        ]
    return [*pairs, ("Conv_1", "Conv_1_bn")]
