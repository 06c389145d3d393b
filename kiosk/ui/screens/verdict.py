"""Verdict: what a clinician would do, asked before anything of the model's is shown; it may be left open."""

from __future__ import annotations

import logging

from edge_models.errors import DermakioskError
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.examination import Phase
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.packing import pack
from kiosk.ui.seat import Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.ui.widgets.picture import display_jpeg
from kiosk.workflow.keeping import Keeping
from kiosk.workflow.visit import Visit

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, seat: Seat, visit: Visit, assessment: Assessment, keeping: Keeping) -> None:
    """Draw the screen of a saved case whose result was not shown yet."""

    def on_tap(tap: Tap) -> None:
        if tap.get("ticket") != visit.ticket or seat.judged == visit.ticket:
            return
        seat.judged = visit.ticket
        if not tap.get("level"):
            return
        try:
            level = AdviceLevel(str(tap.get("level")))
            device.archive.judge(seat.number, keeping.examination_id, level, None, Phase.BEFORE)
        except (DermakioskError, ValueError) as error:  # the result is shown all the same
            _log.warning("a verdict was not kept: %s", type(error).__name__)

    said = {
        "texts": words.section("verdict"),
        "ticket": visit.ticket,
        "levels": [(str(level), words.text(f"advice.{level}.title")) for level in AdviceLevel],
    }
    jpeg = b"" if assessment.frame is None else display_jpeg(assessment.frame.rgb)
    mount("verdict", pack(said, jpeg), on_tap)
