"""The catalogue and the program agree: every key that is used exists, and every key that exists is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.patient import Sex
from kiosk.clinical.quality_report import Reason
from kiosk.clinical.scope import TOLD_BY_OPERATOR, ScopeLimit
from kiosk.text import catalogue, section, text
from kiosk.ui.screens.capture import HINTS

UI = Path(__file__).parents[2] / "kiosk" / "ui"
KEY = re.compile(r"""["'`]((?:[a-z_]+\.)+[a-z_]+)["'`]""")
DEVICE_FAULTS = {Reason.CAMERA_FAULT, Reason.ENGINE_FAULT}  # the fault itself says what is wrong and what to do
# keys that are put together when the program runs
BUILT = {
    *(f"reason.{reason}.{part}" for reason in set(Reason) - DEVICE_FAULTS for part in ("what", "do")),
    *(f"advice.{level}.{part}" for level in AdviceLevel for part in ("title", "detail")),
    *(f"advice.{level}.unsure" for level in AdviceLevel if level is not AdviceLevel.ROUTINE),
    *(f"why.{level}" for level in AdviceLevel if level is not AdviceLevel.ROUTINE),
    *(f"share.{part}" for part in ("percent", "least", "most")),  # kiosk.text itself
    *(f"advice.routine.{part}" for part in ("watch", "again")),
    *(f"sex.{sex}" for sex in Sex),
    *(f"site.{site.code}" for site in BodySite),
    *(f"side.{side}" for side in Side),
    *(f"scope.{limit}.name" for limit in ScopeLimit),
    *(f"scope.{limit}.ask" for limit in TOLD_BY_OPERATOR),
    *(f"hint.{hint}.{word}" for hint, reasons in HINTS.items() for word in ("name", "good", *reasons)),
    *(f"start.{field}{end}" for field in ("code", "age", "sex", "site", "told") for end in ("", "_hint")),
    *(f"status.engine_{device}" for device in ("cpu", "edgetpu")),
    *(f"shell.{name}" for name in ("starting", "restarting", "restarting_detail", "broken", "broken_detail")),
    # start.js speaks of its own section only
    *(f"start.{key}" for key in re.findall(r"\bt\(\"([a-z_]+)\"\)", (UI / "widgets" / "start.js").read_text())),
}


def used_keys() -> set[str]:
    sections = {key.partition(".")[0] for key in catalogue()}
    found: set[str] = set()
    for path in UI.rglob("*"):
        if path.suffix in (".py", ".js", ".html"):
            found |= {key for key in KEY.findall(path.read_text(encoding="utf-8")) if key.partition(".")[0] in sections}
    files = {path.name for path in UI.rglob("*")}
    return {key for key in found if key not in files and not key.startswith("app.py")} | BUILT


def test_every_key_used_exists() -> None:
    assert sorted(used_keys() - set(catalogue())) == []


def test_every_key_is_used() -> None:
    assert sorted(set(catalogue()) - used_keys()) == []


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_sentence_is_one_line_with_named_placeholders(key: str) -> None:
    sentence = catalogue()[key]
    assert sentence.strip() == sentence != ""
    assert "\n" not in sentence
    for _, name, spec, conversion in string.Formatter().parse(sentence):
        assert name is None or (name.isidentifier() and not spec and not conversion)


def test_lesion_names_stand_in_the_labels_alone() -> None:
    sentences = " ".join(catalogue().values())
    assert not [lesion for lesion in LesionClass if lesion.full_name in sentences]


def test_a_missing_key_or_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("capture.no_such_key")
    with pytest.raises(KeyError):
        text("capture.scale")
    with pytest.raises(KeyError):
        section("no_such_section")
    assert text("capture.scale", length=5) == "5 mm"
