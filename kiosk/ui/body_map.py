"""The drawing of the body: two figures of regions, each a place that the kiosk has a word for.

The figures stand as a patient stands: seen from the front, the patient's own right is at the drawing's left. A site
without a region (a mucosa, a nail) is chosen from Start's list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.lesion import BodyPoint, BodyView

WIDTH, HEIGHT = 100, 200
"""Of a figure; a region's corners are in these units, a point's x and y are shares of them."""
REACH = 6.0
"""A point so far beside the figure still means the nearest region: a finger is wider than an ear."""

Corner = tuple[float, float]


@dataclass(frozen=True)
class Region:
    """A polygon of one figure; `side` is None where the site has no sides."""

    view: BodyView
    site: BodySite
    side: Side | None
    corners: tuple[Corner, ...]


_EAR = ((40, 13), (37, 12), (38, 19), (41, 20))
_FLANK = ((33, 58), (38, 58), (38, 80), (34.5, 80))
_ARM = ((32, 38), (27, 41), (24, 52), (17, 74), (13, 92), (19, 94), (26, 76), (32, 56))
_HAND = ((13, 92), (19, 94), (18, 106), (12, 109), (9, 103))
# one half of each, on the drawing's left; the other half is its mirror image
_PAIRED: dict[BodyView, dict[BodySite, tuple[Corner, ...]]] = {
    BodyView.FRONT: {
        BodySite.EAR: _EAR,
        BodySite.FLANK: _FLANK,
        BodySite.ARM: _ARM,
        BodySite.PALM: _HAND,
        BodySite.LEG: ((34.5, 80), (43, 84), (49, 96), (49, 130), (47, 184), (39, 184), (37, 142), (33, 104)),
        BodySite.TOP_OF_FOOT: ((39, 184), (47, 184), (48, 191), (44, 197), (35, 197)),
    },
    BodyView.BACK: {
        BodySite.EAR: _EAR,
        BodySite.FLANK: _FLANK,
        BodySite.ARM: _ARM,
        BodySite.BACK_OF_HAND: _HAND,
        BodySite.LEG: ((34, 92), (49, 94), (49, 130), (47, 184), (39, 184), (37, 142), (33, 108)),
        BodySite.SOLE: ((39, 184), (47, 184), (48, 192), (44, 197), (38, 197)),
    },
}
# the drawing's left half of each, and how far the middle reaches beside the middle line; no corner lies in between
_ACROSS: dict[BodyView, dict[BodySite, tuple[tuple[Corner, ...], float]]] = {
    BodyView.FRONT: {
        BodySite.SCALP: (((50, 1), (44, 3), (40, 10), (50, 10)), 3),
        BodySite.FACE: (((50, 10), (40, 10), (41, 20), (46, 27), (50, 28)), 3),
        BodySite.NECK: (((50, 28), (45.5, 27), (44.5, 33), (50, 35)), 2),
        BodySite.CHEST: (((50, 35), (44.5, 33), (32, 38), (32, 56), (33, 58), (50, 58)), 4),
        BodySite.ABDOMEN: (((50, 58), (38, 58), (38, 81), (43, 84), (50, 84)), 4),
    },
    BodyView.BACK: {
        BodySite.SCALP: (((50, 1), (44, 3), (40, 10), (41, 20), (50, 24)), 3),
        BodySite.NECK: (((50, 24), (44, 22), (45, 33), (50, 34)), 2),
        BodySite.BACK: (
            ((50, 34), (45, 33), (32, 38), (32, 56), (33, 58), (38, 58), (38, 80), (34.5, 80), (34, 92), (50, 94)),
            4,
        ),
    },
}
_GENITAL = ((43, 84), (57, 84), (51, 96), (49, 96))


def _mirrored(corners: tuple[Corner, ...]) -> tuple[Corner, ...]:
    return tuple((WIDTH - x, y) for x, y in reversed(corners))


def _crossings(corners: tuple[Corner, ...], x: float) -> tuple[float, float]:
    """The y of the first and the last point in which a vertical line at `x` meets an outline."""
    met = [
        y0 + (x - x0) / (x1 - x0) * (y1 - y0)
        for (x0, y0), (x1, y1) in pairwise((*corners, corners[0]))
        if x0 != x1 and min(x0, x1) <= x <= max(x0, x1)
    ]
    return min(met), max(met)


def _divided(half: tuple[Corner, ...], reach: float) -> tuple[tuple[Corner, ...], tuple[Corner, ...]]:
    """Half an outline, cut at `reach` beside the middle line: the part at the left, and the whole middle."""
    line, cut = WIDTH / 2, WIDTH / 2 - reach
    top, bottom = _crossings(half, cut)
    above, below = half[0][1], half[-1][1]  # a half begins and ends on the line
    left = ((cut, top), *(corner for corner in half if corner[0] < cut), (cut, bottom))
    middle = ((line, above), (cut, top), (cut, bottom), (line, below), (WIDTH - cut, bottom), (WIDTH - cut, top))
    return left, middle


def _regions() -> Iterator[Region]:
    for view in BodyView:
        # at the drawing's left is the patient's own right, seen from the front, and the left, seen from behind
        here, there = (Side.RIGHT, Side.LEFT) if view is BodyView.FRONT else (Side.LEFT, Side.RIGHT)
        for site, corners in _PAIRED[view].items():
            yield Region(view, site, here, corners)
            yield Region(view, site, there, _mirrored(corners))
        for site, (half, reach) in _ACROSS[view].items():
            left, middle = _divided(half, reach)
            yield Region(view, site, here, left)
            yield Region(view, site, Side.MIDDLE, middle)
            yield Region(view, site, there, _mirrored(left))
    yield Region(BodyView.FRONT, BodySite.GENITAL, None, _GENITAL)


REGIONS = tuple(_regions())


def region_at(point: BodyPoint) -> Region | None:
    """The region at a point, or the nearest one within `REACH`; None where the point lies further from the figure."""
    at = (point.x * WIDTH, point.y * HEIGHT)

    def depth(region: Region) -> float:
        """How far inside the region's edge the point lies; below 0 outside."""
        return cv2.pointPolygonTest(np.array(region.corners, np.float32), at, measureDist=True)

    nearest = max((region for region in REGIONS if region.view is point.view), key=depth)
    return nearest if depth(nearest) >= -REACH else None
