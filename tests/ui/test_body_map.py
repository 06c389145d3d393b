"""The drawing of the body: every region means one place, and a tap means the region that it shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.lesion import BodyPoint, BodyView, Lesion
from kiosk.ui.body_map import HEIGHT, REACH, REGIONS, WIDTH, Region, region_at

LISTED_ONLY = {BodySite.MUCOSA, BodySite.NAIL}
SHARES = st.floats(0, 1)
EDGE = 0.1
"""On the line between two regions it may be either."""


def point(view: BodyView, x: float, y: float) -> BodyPoint:
    return BodyPoint(view, x / WIDTH, y / HEIGHT)


def test_every_site_is_drawn_on_all_its_sides_but_those_that_are_listed_only() -> None:
    drawn = {(region.site, region.side) for region in REGIONS}
    wanted = {(site, side) for site in BodySite if site not in LISTED_ONLY for side in site.sides or (None,)}
    assert drawn == wanted


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: f"{region.view}-{region.site.code}-{region.side}")
def test_whatever_lies_inside_a_region_means_it_and_no_other(region: Region) -> None:
    outline = np.array(region.corners, np.float32)
    inside = [
        (float(x), float(y))
        for x in np.arange(0, WIDTH, 0.5)
        for y in np.arange(0, HEIGHT, 0.5)
        if cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=True) > EDGE
    ]
    assert len(inside) > 10
    for x, y in inside:
        assert region_at(point(region.view, x, y)) == region


@pytest.mark.parametrize(
    ("view", "x", "side"),
    [
        (BodyView.FRONT, 20, Side.RIGHT),
        (BodyView.FRONT, 80, Side.LEFT),
        (BodyView.BACK, 20, Side.LEFT),
        (BodyView.BACK, 80, Side.RIGHT),
    ],
)
def test_sides_are_the_patients_own(view: BodyView, x: float, side: Side) -> None:
    found = region_at(point(view, x, 75))
    assert found is not None
    assert (found.site, found.side) == (BodySite.ARM, side)


@given(st.sampled_from(BodyView), SHARES, SHARES)
def test_any_point_is_a_lesion_s_or_lies_off_the_figure(view: BodyView, x: float, y: float) -> None:
    pointed = BodyPoint(view, x, y)
    found = region_at(pointed)
    apart = [
        -cv2.pointPolygonTest(np.array(region.corners, np.float32), (x * WIDTH, y * HEIGHT), measureDist=True)
        for region in REGIONS
        if region.view is view
    ]
    assert (found is not None) == (min(apart) <= REACH)
    if found is not None:
        assert found.view is view
        assert Lesion("a" * 32, found.site, found.side, pointed).point == pointed
