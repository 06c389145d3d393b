"""Many pictures through int8 networks: what the kiosk would compute, for views that are not yet chosen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import log_softmax
from edge_models.engine import Outputs
from edge_models.interpreter import Network
from edge_models.preprocess import View, model_input
from training.dataset import CLASS_ORDER, COUNTS_AS, read_rgb
from training.progress import shown


class Evidence(NamedTuple):
    """What the networks said.

    Attributes:
        log_softmax: float64[N, members, views, 7].
        embedding: float32[N, D], the first member's, averaged over the views.
    """

    log_softmax: NDArray[np.float64]
    embedding: NDArray[np.float32]


def run_networks(
    networks: Sequence[bytes],
    pictures: Sequence[Path | NDArray[np.uint8]],
    views: Sequence[View],
    sizes: Sequence[int],
    threads: int = 2,
) -> Evidence:
    """Run every view of every picture through every network.

    Args:
        networks: .tflite files' bytes.
        pictures: image files, or uint8[height, width, 3] each.
        views: at least one.
        sizes: side of every network's input in pixels.
        threads: pictures that are seen to at the same time, each by a thread of its own.
    """
    mine = local()

    def run(number: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        if not hasattr(mine, "networks"):
            mine.networks = [
                Network("network", content, size, len(CLASS_ORDER), folded=COUNTS_AS)
                for content, size in zip(networks, sizes, strict=True)
            ]
        quantisation = mine.networks[0].input_quantisation
        picture = pictures[number]
        rgb = read_rgb(picture) if isinstance(picture, Path) else picture
        batches = {
            size: model_input(rgb, views, size, quantisation.scale, quantisation.zero_point) for size in set(sizes)
        }
        outputs = Outputs.empty([network.output_shapes for network in mine.networks], len(views))
        for member, (network, size) in enumerate(zip(mine.networks, sizes, strict=True)):
            for place, view in enumerate(batches[size]):
                network.run(view, outputs, (member, place))
        return log_softmax(outputs.logits), outputs.embedding[0].mean(axis=0)

    with ThreadPoolExecutor(threads) as pool:
        rows = list(shown(pool.map(run, range(len(pictures))), len(pictures), "pictures"))
    return Evidence(np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows]))
