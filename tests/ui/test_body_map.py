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
SCALE = 2
"""Pixels to a unit of the drawing."""


def point(view: BodyView, x: float, y: float) -> BodyPoint:
    return BodyPoint(view, x / WIDTH, y / HEIGHT)


def test_every_site_is_drawn_on_all_its_sides_but_those_that_are_listed_only() -> None:
    drawn = {(region.site, region.side) for region in REGIONS}
    wanted = {(site, side) for site in BodySite if site not in LISTED_ONLY for side in site.sides or (None,)}
    assert drawn == wanted


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: f"{region.view}-{region.site.code}-{region.side}")
def test_whatever_is_drawn_of_a_region_means_it_and_no_other(region: Region) -> None:
    drawing = np.zeros((HEIGHT * SCALE, WIDTH * SCALE), np.uint8)
    cv2.fillPoly(drawing, [np.round(np.array(region.corners) * SCALE).astype(np.int32)], [1])
    inside = np.argwhere(cv2.erode(drawing, np.ones((3, 3), np.uint8)))
    assert len(inside) > 10
    for y, x in inside:
        assert region_at(point(region.view, x / SCALE, y / SCALE)) == region


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


@given(st.sampled_from(REGIONS), SHARES, SHARES)
def test_any_point_that_means_a_region_makes_a_lesion(near: Region, x: float, y: float) -> None:
    """A region's side is one of its site's: anywhere around any region."""
    across, down = near.corners[0]
    pointed = point(near.view, min(max(across + 20 * (x - 0.5), 0), WIDTH), min(max(down + 20 * (y - 0.5), 0), HEIGHT))
    found = region_at(pointed) or near
    assert Lesion("a" * 32, found.site, found.side, pointed).side is found.side


@given(st.sampled_from(BodyView), st.sampled_from([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.02, 0.9)]))
def test_a_point_far_from_the_figure_means_nothing(view: BodyView, at: tuple[float, float]) -> None:
    assert region_at(BodyPoint(view, *at)) is None


@pytest.mark.parametrize("region", [region for region in REGIONS if region.site is BodySite.EAR])
def test_a_point_just_beside_an_ear_means_the_ear(region: Region) -> None:
    outer = -1 if region.corners[1][0] < WIDTH / 2 else 1
    across = [x for x, _ in region.corners]
    beside = point(region.view, (min(across) if outer < 0 else max(across)) + outer * (REACH - 2), 15)
    assert region_at(beside) == region
