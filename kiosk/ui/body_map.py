"""The drawing of the body: two figures of regions, each a place that the kiosk has a word for.

The figures stand as a patient stands: seen from the front, the patient's own right is at the drawing's left. A site
without a region (a mucosa, a nail) is chosen from Start's list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

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


# one half of each, on the drawing's left; the other half is its mirror image
_PAIRED: dict[BodyView, dict[BodySite, tuple[Corner, ...]]] = {
    BodyView.FRONT: {
        BodySite.EAR: ((40, 13), (37, 12), (38, 19), (41, 20)),
        BodySite.FLANK: ((33, 58), (38, 58), (38, 80), (34.5, 80)),
        BodySite.ARM: ((32, 38), (27, 41), (24, 52), (17, 74), (13, 92), (19, 94), (26, 76), (32, 56)),
        BodySite.PALM: ((13, 92), (19, 94), (18, 106), (12, 109), (9, 103)),
        BodySite.LEG: ((34.5, 80), (43, 84), (49, 96), (49, 130), (47, 184), (39, 184), (37, 142), (33, 104)),
        BodySite.TOP_OF_FOOT: ((39, 184), (47, 184), (48, 191), (44, 197), (35, 197)),
    },
    BodyView.BACK: {
        BodySite.EAR: ((40, 13), (37, 12), (38, 19), (41, 20)),
        BodySite.FLANK: ((33, 58), (38, 58), (38, 80), (34.5, 80)),
        BodySite.ARM: ((32, 38), (27, 41), (24, 52), (17, 74), (13, 92), (19, 94), (26, 76), (32, 56)),
        BodySite.BACK_OF_HAND: ((13, 92), (19, 94), (18, 106), (12, 109), (9, 103)),
        BodySite.LEG: ((34, 92), (49, 94), (49, 130), (47, 184), (39, 184), (37, 142), (33, 108)),
        BodySite.SOLE: ((39, 184), (47, 184), (48, 192), (44, 197), (38, 197)),
    },
}
# half outlines again, on the drawing's left of the middle line: a strip around that line is the middle
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


def _height_at(corners: tuple[Corner, ...], x: float) -> list[float]:
    """Where a vertical line meets an outline, from top to bottom."""
    met = [
        y0 + (x - x0) / (x1 - x0) * (y1 - y0)
        for (x0, y0), (x1, y1) in pairwise((*corners, corners[0]))
        if x0 != x1 and min(x0, x1) <= x <= max(x0, x1)
    ]
    return [min(met), max(met)]


def _strip(outline: tuple[Corner, ...], half: float) -> tuple[tuple[Corner, ...], tuple[Corner, ...]]:
    """A half outline cut at `half` beside the middle line: what is left of it, and the whole strip around the line."""
    middle, at = WIDTH / 2, WIDTH / 2 - half
    top, bottom = _height_at(outline, at)
    left = ((at, top), *(corner for corner in outline if corner[0] < at), (at, bottom))
    above, below = _height_at(outline, middle)
    inner = [corner for corner in outline if at < corner[0] < middle]
    upper = sorted((corner for corner in inner if corner[1] < (above + below) / 2), reverse=True)
    lower = sorted(corner for corner in inner if corner[1] >= (above + below) / 2)
    strip = ((middle, above), *upper, (at, top), (at, bottom), *lower, (middle, below))
    return left, (*strip, *_mirrored(strip)[1:-1])


def _regions() -> Iterator[Region]:
    for view in BodyView:
        # at the drawing's left is the patient's own right, seen from the front, and the left, seen from behind
        here, there = (Side.RIGHT, Side.LEFT) if view is BodyView.FRONT else (Side.LEFT, Side.RIGHT)
        for site, corners in _PAIRED[view].items():
            yield Region(view, site, here, corners)
            yield Region(view, site, there, _mirrored(corners))
        for site, (outline, half) in _ACROSS[view].items():
            left, strip = _strip(outline, half)
            yield Region(view, site, here, left)
            yield Region(view, site, Side.MIDDLE, strip)
            yield Region(view, site, there, _mirrored(left))
    yield Region(BodyView.FRONT, BodySite.GENITAL, None, _GENITAL)


REGIONS = tuple(_regions())


def region_at(point: BodyPoint) -> Region | None:
    """The region at a point, or the nearest one within `REACH`; None where the point lies further from the figure."""
    x, y = point.x * WIDTH, point.y * HEIGHT
    regions = [region for region in REGIONS if region.view is point.view]
    for region in regions:
        if _inside(region.corners, x, y):
            return region
    nearest = min(regions, key=lambda region: _distance(region.corners, x, y))
    return nearest if _distance(nearest.corners, x, y) <= REACH else None


def _inside(corners: tuple[Corner, ...], x: float, y: float) -> bool:
    """Whether a ray to the right crosses the outline an odd number of times."""
    crossings = 0
    for (x0, y0), (x1, y1) in pairwise((*corners, corners[0])):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            crossings += 1
    return crossings % 2 == 1


def _distance(corners: tuple[Corner, ...], x: float, y: float) -> float:
    """From a point to the nearest edge."""
    nearest = float("inf")
    for (x0, y0), (x1, y1) in pairwise((*corners, corners[0])):
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
        along = min(max(along, 0.0), 1.0)
        nearest = min(nearest, hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return nearest
