"""Capture: the live picture with live advice on it, and one big button."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.clinical.quality_report import Reason
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.preview import PROTOCOL
from kiosk.ui.screens.start import summary
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.visit import Visit

HINTS: Mapping[str, tuple[Reason, ...]] = {
    "focus": (Reason.OUT_OF_FOCUS,),
    "light": (Reason.TOO_DARK, Reason.TOO_BRIGHT),
    "glare": (Reason.GLARE,),
    "motion": (Reason.MOTION,),
    "view": (Reason.NOTHING_IN_VIEW,),
}
"""The lines of live advice, each with the reasons that make it warn."""
_BLIND = (Reason.TOO_DARK, Reason.TOO_BRIGHT, Reason.NOTHING_IN_VIEW)
UNJUDGED: Mapping[str, tuple[Reason, ...]] = {"focus": _BLIND, "motion": _BLIND}
"""The lines that nothing can be said of while a reason holds (`kiosk.pipeline.quality` does not look then)."""


def draw(
    words: Catalogue, device: Device, visit: Visit, take: Callable[[], None], *, keeps: bool, taking: bool
) -> None:
    """Draw the screen.

    Args:
        words: in the operator's language.
        device: what the screens are views of.
        visit: at Capture.
        take: takes the picture.
        keeps: the examination is kept, and belongs to a lesion that may be followed.
        taking: the picture is being taken and assessed.
    """

    def on_tap(tap: Tap) -> None:
        match tap.get("name"):
            case "capture":
                take()
            case "back":
                visit.back()
            case "lesion" if keeps:
                visit.choose_lesion()
            # "token": the page asks for a new one, which drawing it again brings

    mount(
        "capture",
        {
            "texts": words.section("capture", "hint", "patient"),
            "protocol": PROTOCOL,
            "token": "" if taking else device.tokens.issue(),
            "taking": taking,
            "captured": taking and visit.captured(),
            "boot": device.boot,
            "summary": summary(words, visit.patient),
            "keeps": keeps,
            "followed": words.text("follow.followed") if visit.followed else words.text("follow.button"),
            "hints": [(name, list(map(str, reasons))) for name, reasons in HINTS.items()],
            "unjudged": {name: list(map(str, reasons)) for name, reasons in UNJUDGED.items()},
            "faults": words.faults(),
            "advice": {str(reason): words.text(f"reason.{reason}.do") for group in HINTS.values() for reason in group},
            "field_of_view_mm": device.field_of_view_mm,
        },
        on_tap,
    )
