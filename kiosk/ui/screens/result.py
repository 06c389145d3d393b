"""Result: what a capture came to, and what to do; classes are named where there is a prediction, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from edge_models.labels import LesionClass
from edge_models.prediction import Prediction
from edge_models.triage import Advice, AdviceLevel, Ground, shown_classes
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.patient import Patient
from kiosk.clinical.scope import ScopeLimit
from kiosk.text.catalogue import Catalogue
from kiosk.ui import faults
from kiosk.ui.config import PathwayConfig
from kiosk.ui.device import Device
from kiosk.ui.packing import pack
from kiosk.ui.screens.start import summary
from kiosk.ui.widgets.component import Tap, mount
from kiosk.ui.widgets.picture import display_jpeg, outline
from kiosk.workflow.keeping import Keeping, Kept
from kiosk.workflow.visit import Visit

_REFERRALS = (str(AdviceLevel.URGENT_REFERRAL), str(AdviceLevel.REFERRAL))
_SAID_BY_BAND = {"simulated": "simulated", "outside": "scope"}
"""A band's level, and the kind of note that would say the same again."""

_log = logging.getLogger(__name__)


def draw(
    words: Catalogue, device: Device, visit: Visit, assessment: Assessment, keeping: Keeping | None = None
) -> None:
    """Draw the screen of a finished case; `keeping`: what became of it, None where nothing is kept on this kiosk."""

    def on_tap(tap: Tap) -> None:
        ticket = str(tap.get("ticket"))  # of the case that was on the screen when it was tapped
        match tap.get("name"):
            case "retake":
                visit.retake(ticket)
            case "further":
                visit.next_lesion(ticket)
            case "done":
                visit.done(ticket)

    kept = Kept.NOT_MEANT if keeping is None else keeping.kept
    around = {
        "texts": words.section("result"),
        "ticket": visit.ticket,
        "summary": summary(words, visit.patient),
        "further": visit.patient.without_lesion() != Patient(),  # of somebody unknown it is the same as Done
        "kept": {"state": str(kept), "word": words.text(f"kept.{kept}")},
    }
    try:
        jpeg = b"" if assessment.frame is None else display_jpeg(assessment.frame.rgb)
        said = describe(words, assessment)
        message = pack(said | around | next_step(device.pathway, said), jpeg)
    except Exception:  # noqa: BLE001 - the result stays with the station: nothing is lost until Done is tapped
        _log.exception("a result could not be drawn")
        message = pack(undrawable(words) | around, b"")
    mount("result", message, on_tap)


def describe(words: Catalogue, assessment: Assessment) -> dict[str, object]:
    """What the screen says of an assessment, in JSON's types.

    Returns:
        `band` (level, title, detail), `bars` (name, percent, label, whether malignant, `tag` beside the name, `why` of
        a named class), `notes` (lines below the bars), `reasons` (what, what to do), `outline` (polygons in the square
        that the model saw), `window` (that square's left, top and side in widths of the picture; empty for the one in
        its middle), `meta` (parts of the last line), `primary` (which of "retake" and "done" is the likely next tap),
        `asks` (whether Done asks once more: the operator is told to refer).
    """
    prediction, advice = assessment.prediction, assessment.advice
    seconds = assessment.timings_ms.get("total", 0.0) / 1e3
    local_time = words.moment(assessment.assessed_at)
    simulated = _is_simulated(assessment)
    notes = [{"kind": "simulated", "text": words.text("result.simulated")}] if simulated else []
    notes += [{"kind": "scope", "text": scope_line(words, assessment.limits)}] if assessment.limits else []
    band = _band(words, assessment)
    notes = [note for note in notes if note["kind"] != _SAID_BY_BAND.get(band["level"])]
    said = _words_alone(assessment.outcome, band) | {
        "notes": notes,
        "reasons": _reasons(words, assessment),
        "meta": [local_time],
    }
    if prediction is None or advice is None:
        return said
    engine = words.text(f"status.engine_{prediction.engine.device}")
    return said | {
        "bars": _bars(words, prediction, advice, reasoned=not simulated),
        "notes": [*_notes(words, prediction, advice, reassuring=not (simulated or assessment.limits)), *notes],
        "outline": outline(prediction.activation_map),
        "window": _window(assessment),
        "primary": "done",
        "meta": [
            prediction.model_id,
            engine,
            local_time,
            words.text("result.seconds", seconds=words.number(seconds, 1)),
        ],
    }


def next_step(pathway: PathwayConfig, said: Mapping[str, Any]) -> dict[str, object]:
    """What the clinic does next of what `describe` said, in its own words: `step`, empty where it named nothing.

    Where the band gives no advice (a simulated picture, one outside the scope) there is no next step either.
    """
    return {"step": asdict(pathway).get(said["band"]["level"], "")}


def undrawable(words: Catalogue) -> dict[str, object]:
    """What the screen says where `describe` failed, in the same keys."""
    band = _words("device_fault", words.text("outcome.undrawable"), words.fault(faults.UNDRAWABLE))
    return _words_alone(Outcome.DEVICE_FAULT, band)


def _words_alone(outcome: Outcome, band: dict[str, str]) -> dict[str, object]:
    """A result's words where it shows no class."""
    empty: dict[str, object] = {"bars": [], "notes": [], "reasons": [], "outline": [], "window": [], "meta": []}
    asks = band["level"] in _REFERRALS
    return {"outcome": str(outcome), "band": band, "primary": "retake", "asks": asks, **empty}


def _window(assessment: Assessment) -> list[float]:
    window = assessment.quality.window if assessment.quality else None
    if window is None or assessment.frame is None:
        return []
    return [round(value / assessment.frame.width_px, 4) for value in (window.left, window.top, window.side)]


def _band(words: Catalogue, assessment: Assessment) -> dict[str, str]:
    advice = assessment.advice
    match assessment.outcome:
        case Outcome.DEVICE_FAULT:
            return _words("device_fault", words.text("outcome.device_fault"), words.fault(assessment.fault_code))
        case Outcome.RETAKE:
            return _words("retake", words.text("outcome.retake"), words.text("outcome.retake_detail"))
        case Outcome.NO_RESULT if advice is None:
            return _words("no_result", words.text("outcome.no_result"), words.text("outcome.no_result_detail"))
    if advice is None:
        raise ValueError("a result carries its advice")
    if _is_simulated(assessment):  # nobody may act on what is said of it
        return _words("simulated", words.text("result.simulated_title"), words.text("result.simulated"))
    if assessment.limits and advice.level is AdviceLevel.ROUTINE:  # whoever was not tested is not reassured
        limits = _limit_names(words, assessment.limits)
        detail = words.text("scope.detail", limits=limits[:1].upper() + limits[1:])
        return _words("outside", words.text("scope.title"), detail)
    return _advice(words, advice)


def _is_simulated(assessment: Assessment) -> bool:
    return assessment.frame is not None and assessment.frame.simulated


def _advice(words: Catalogue, advice: Advice) -> dict[str, str]:
    level = str(advice.level)
    # where the model is unsure no class may be named, not even one that is feared
    detail = "detail" if advice.cannot_exclude else "unsure"
    said = words.text(f"advice.{level}.{detail}", lesions=_names(words, advice.named))
    return _words(level, words.text(f"advice.{level}.title"), said)


def _words(level: str, title: str, detail: str) -> dict[str, str]:
    return {"level": level, "title": title, "detail": detail}


def _bars(words: Catalogue, prediction: Prediction, advice: Advice, *, reasoned: bool) -> list[dict[str, object]]:
    grounds = {ground.lesion: ground for ground in advice.why if reasoned}
    return [_bar(words, lesion, share, grounds.get(lesion)) for lesion, share in shown_classes(prediction, advice)]


def _bar(words: Catalogue, lesion: LesionClass, probability: float, ground: Ground | None) -> dict[str, object]:
    name, label = words.text(f"lesion.{lesion.code}"), words.percent(probability)
    tag = words.text("result.malignant") if lesion.malignant else ""
    why = ""
    if ground is not None:
        tag = words.text(f"why.{ground.level}", threshold=words.percent(ground.threshold))
        why = words.text("why.line", lesion=name, percent=label, reason=tag)
    named = {"name": name, "percent": round(probability * 100), "label": label}
    return named | {"malignant": lesion.malignant, "tag": tag, "why": why}


def _notes(words: Catalogue, prediction: Prediction, advice: Advice, *, reassuring: bool) -> list[dict[str, str]]:
    several = words.text("result.not_excluded", lesions=_names(words, advice.cannot_exclude))
    notes = [{"kind": "set", "text": several if len(advice.cannot_exclude) > 1 else words.text("result.one_left")}]
    if advice.level is AdviceLevel.ROUTINE and reassuring:
        notes += [{"kind": kind, "text": words.text(f"advice.routine.{kind}")} for kind in ("watch", "again")]
    if prediction.engine.note:
        notes.append({"kind": "engine", "text": words.fault(faults.FALLBACK)})
    return notes


def _reasons(words: Catalogue, assessment: Assessment) -> list[dict[str, str]]:
    if assessment.outcome is Outcome.DEVICE_FAULT:
        return []  # the fault itself says what to do
    return [{"what": words.text(f"reason.{r}.what"), "do": words.text(f"reason.{r}.do")} for r in assessment.reasons]


def scope_line(words: Catalogue, limits: Iterable[ScopeLimit]) -> str:
    """What puts a picture outside what the model was tested on, in one line."""
    return words.text("scope.line", limits=_limit_names(words, limits))


def _limit_names(words: Catalogue, limits: Iterable[ScopeLimit]) -> str:
    return ", ".join(words.text(f"scope.{limit}.name") for limit in limits)


def _names(words: Catalogue, lesions: Iterable[LesionClass]) -> str:
    return ", ".join(words.text(f"lesion.{lesion.code}") for lesion in lesions)
