"""Result: what a capture came to, and what to do; classes are named where there is a prediction, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from edge_models.labels import LesionClass
from edge_models.prediction import Prediction
from edge_models.triage import Advice, AdviceLevel, Ground, shown_classes
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.scope import ScopeLimit
from kiosk.text import percent, section, text
from kiosk.ui.packing import pack
from kiosk.ui.screens.start import summary
from kiosk.ui.widgets.component import Tap, mount
from kiosk.ui.widgets.picture import display_jpeg, outline
from kiosk.workflow.visit import Visit

_log = logging.getLogger(__name__)


def draw(visit: Visit, assessment: Assessment) -> None:
    """Draw the screen of a finished case."""

    def on_tap(tap: Tap) -> None:
        ticket = str(tap.get("ticket"))  # of the case that was on the screen when it was tapped
        match tap.get("name"):
            case "retake":
                visit.retake(ticket)
            case "done":
                visit.done(ticket)

    around = {"texts": section("result"), "ticket": visit.ticket, "summary": summary(visit.patient)}
    try:
        jpeg = b"" if assessment.frame is None else display_jpeg(assessment.frame.rgb)
        message = pack(describe(assessment) | around, jpeg)
    except Exception:  # noqa: BLE001 - the result stays with the station: nothing is lost until Done is tapped
        _log.exception("a result could not be drawn")
        message = pack(undrawable() | around, b"")
    mount("result", message, on_tap)


def describe(assessment: Assessment) -> dict[str, object]:
    """What the screen says of an assessment, in JSON's types.

    Returns:
        `band` (level, title, detail), `bars` (name, percent, label, whether malignant, `tag` beside the name, `why` of
        a named class), `notes` (lines below the bars), `reasons` (what, what to do), `outline` (polygons in the square
        that the model saw), `window` (that square's left, top and side in widths of the picture; empty for the one in
        its middle), `meta` (parts of the last line), `primary` (which of "retake" and "done" is the likely next tap).
    """
    prediction, advice = assessment.prediction, assessment.advice
    seconds = assessment.timings_ms.get("total", 0.0) / 1e3
    local_time = assessment.assessed_at.astimezone().strftime("%Y-%m-%d %H:%M")
    simulated = assessment.frame is not None and assessment.frame.simulated
    notes = [{"kind": "simulated", "text": text("result.simulated")}] if simulated else []
    notes += [{"kind": "scope", "text": scope_line(assessment.limits)}] if assessment.limits else []
    words = _words_alone(assessment.outcome, _band(assessment)) | {
        "notes": notes,
        "reasons": _reasons(assessment),
        "meta": [local_time],
    }
    if prediction is None or advice is None:
        return words
    engine = text(f"status.engine_{prediction.engine.device}")
    return words | {
        "bars": _bars(prediction, advice),
        "notes": [*_notes(prediction, advice), *notes],
        "outline": outline(prediction.activation_map),
        "window": _window(assessment),
        "primary": "done",
        "meta": [prediction.model_id, engine, local_time, text("result.seconds", seconds=f"{seconds:.1f}")],
    }


def undrawable() -> dict[str, object]:
    """What the screen says where `describe` failed, in the same keys."""
    band = _words("device_fault", text("outcome.undrawable"), text("outcome.undrawable_detail"))
    return _words_alone(Outcome.DEVICE_FAULT, band)


def _words_alone(outcome: Outcome, band: dict[str, str]) -> dict[str, object]:
    """A result's words where it shows no class."""
    empty: dict[str, object] = {"bars": [], "notes": [], "reasons": [], "outline": [], "window": [], "meta": []}
    return {"outcome": str(outcome), "band": band, "primary": "retake", **empty}


def _window(assessment: Assessment) -> list[float]:
    window = assessment.quality.window if assessment.quality else None
    if window is None or assessment.frame is None:
        return []
    return [round(value / assessment.frame.width_px, 4) for value in (window.left, window.top, window.side)]


def _band(assessment: Assessment) -> dict[str, str]:
    advice = assessment.advice
    match assessment.outcome:
        case Outcome.DEVICE_FAULT:
            return _words("device_fault", text("outcome.device_fault"), assessment.fault)
        case Outcome.RETAKE:
            return _words("retake", text("outcome.retake"), text("outcome.retake_detail"))
        case Outcome.NO_RESULT if advice is None:
            return _words("no_result", text("outcome.no_result"), text("outcome.no_result_detail"))
    if advice is None:
        raise ValueError("a result carries its advice")
    return _advice(advice)


def _advice(advice: Advice) -> dict[str, str]:
    level = str(advice.level)
    # where the model is unsure no class may be named, not even one that is feared
    detail = "detail" if advice.cannot_exclude else "unsure"
    words = text(f"advice.{level}.{detail}", lesions=_names(advice.named))
    return _words(level, text(f"advice.{level}.title"), words)


def _words(level: str, title: str, detail: str) -> dict[str, str]:
    return {"level": level, "title": title, "detail": detail}


def _bars(prediction: Prediction, advice: Advice) -> list[dict[str, object]]:
    grounds = {ground.lesion: ground for ground in advice.why}
    return [_bar(lesion, share, grounds.get(lesion)) for lesion, share in shown_classes(prediction, advice)]


def _bar(lesion: LesionClass, probability: float, ground: Ground | None) -> dict[str, object]:
    label, tag = percent(probability), text("result.malignant") if lesion.malignant else ""
    why = ""
    if ground is not None:
        tag = text(f"why.{ground.level}", threshold=percent(ground.threshold))
        why = text("why.line", lesion=lesion.full_name, percent=label, reason=tag)
    named = {"name": lesion.full_name, "percent": round(probability * 100), "label": label}
    return named | {"malignant": lesion.malignant, "tag": tag, "why": why}


def _notes(prediction: Prediction, advice: Advice) -> list[dict[str, str]]:
    several = text("result.not_excluded", lesions=_names(advice.cannot_exclude))
    notes = [{"kind": "set", "text": several if len(advice.cannot_exclude) > 1 else text("result.one_left")}]
    if advice.level is AdviceLevel.ROUTINE:
        notes += [{"kind": kind, "text": text(f"advice.routine.{kind}")} for kind in ("watch", "again")]
    if prediction.engine.note:
        notes.append({"kind": "engine", "text": prediction.engine.note[:1].upper() + prediction.engine.note[1:]})
    return notes


def _reasons(assessment: Assessment) -> list[dict[str, str]]:
    if assessment.outcome is Outcome.DEVICE_FAULT:
        return []  # the fault itself says what to do
    return [{"what": text(f"reason.{r}.what"), "do": text(f"reason.{r}.do")} for r in assessment.reasons]


def scope_line(limits: Iterable[ScopeLimit]) -> str:
    """What puts a picture outside what the model was tested on, in one line."""
    return text("scope.line", limits=", ".join(text(f"scope.{limit}.name") for limit in limits))


def _names(lesions: Iterable[LesionClass]) -> str:
    return ", ".join(lesion.full_name for lesion in lesions)
