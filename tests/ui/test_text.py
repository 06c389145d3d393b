"""The catalogues and the program agree, and the catalogues agree with each other."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.capture.station import Loss
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import Consent, Phase
from kiosk.clinical.lesion import BodyView
from kiosk.clinical.operator import Role
from kiosk.clinical.patient import Sex
from kiosk.clinical.quality_report import Reason
from kiosk.clinical.scope import TOLD_BY_OPERATOR, ScopeLimit
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from kiosk.ui.language import COOKIE, words_of
from kiosk.ui.page import SHELL_WORDS
from kiosk.ui.screens.about import KINDS
from kiosk.ui.screens.capture import HINTS
from kiosk.ui.screens.desk import ITEMS
from kiosk.workflow.keeping import Kept

UI = Path(__file__).parents[2] / "kiosk" / "ui"
EN = catalogue("en")
OTHERS = [language for language in LANGUAGES if language != "en"]
KEY = re.compile(r"""["'`]((?:[a-z_]+\.)+[a-z_]+)["'`]""")
DEVICE_FAULTS = {Reason.CAMERA_FAULT, Reason.ENGINE_FAULT}  # the fault itself says what is wrong and what to do
PLURALS = ("start.years", "patient.years", "archive.examinations", "archive.within", "desk.space", "desk.backed_up")
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
    *(f"lesion.{lesion.code}" for lesion in LesionClass),
    *(f"hint.{hint}.{word}" for hint, reasons in HINTS.items() for word in ("name", "good", *reasons)),
    *(f"start.{field}{end}" for field in ("code", "age", "sex", "site", "told") for end in ("", "_hint")),
    *(f"plot.{kind}.{part}" for kind in KINDS for part in ("name", "text", "across", "up")),
    *(f"status.engine_{device}" for device in ("cpu", "edgetpu")),
    *(f"shell.{name}" for name in SHELL_WORDS),
    *(f"start.lost_{loss}" for loss in Loss),
    *(f"{key}.{form}" for key in PLURALS for form in ("one", "other")),
    *(f"archive.{choice}" for choice in ("lesion", "show", "examined", "verdict", "site")),
    *(f"follow.{view}" for view in BodyView),
    *(f"follow.{word}" for word in ("new", "none", "hint")),  # lesion.js speaks of its own section
    *(f"role.{role}" for role in Role),
    *(f"consent.{consent}" for consent in Consent),
    *(f"kept.{kept}" for kept in set(Kept) - {Kept.SAVING, Kept.FAILED}),
    *(f"kept.{phase}" for phase in Phase),
    *(f"desk.{item}" for item in (*ITEMS, "examine")),
    *(f"status.records_{state}" for state in ("locked", "without")),
    # setup.js speaks of its own section, by the names of its steps
    *(key for key in EN.section("setup") if f'"{key.partition(".")[2]}"' in (UI / "widgets" / "setup.js").read_text()),
    *(key for key in EN.sentences if key.startswith("fault.")),  # tests/test_faults_page.py holds them to the codes
    # start.js speaks of its own section only
    *(f"start.{key}" for key in re.findall(r"\bt\(\"([a-z_]+)\"\)", (UI / "widgets" / "start.js").read_text())),
}
# words that two languages share
SAME = {
    "app.name", "capture.scale", "desk.detail", "de:pin.label", "es:pin.label",
    "hint.unknown", "patient.site_and_side", "result.seconds",
    "share.least", "share.most", "share.percent", "why.line",
    "start.more", "status.engine_cpu", "status.engine_edgetpu",
    "de:site.arm", "de:capture.live", "de:patient.title",
    "fr:patient.title", "fr:site.abdomen", "es:site.abdomen", "es:site.palm", "fr:about.version",
    "es:lesion.mel", "es:lesion.df",
}  # fmt: skip
RULED_OUT = "advice.routine.detail"
"""No referral does not rule out melanoma: the one sentence that names a class."""
LONGER = 1.6
"""A sentence may be so much longer than the English one, and `SLACK` more characters: words vary more."""
SLACK = 9
BUTTONS = {
    "site.": 17, "side.": 12, "sex.": 12, "start.next": 10, "start.skip": 14, "start.clear_all": 14,
    "start.continue": 16, "capture.button": 10, "capture.back": 8, "result.retake": 14, "result.done": 10,
    "result.end": 10, "status.step_": 10, "status.camera": 14,
}  # fmt: skip
"""What stands on a button or in the bar has at most so many characters: at 800 x 480 no more fit."""


def used_keys() -> set[str]:
    sections = {key.partition(".")[0] for key in EN.sentences}
    found: set[str] = set()
    for path in UI.rglob("*"):
        if path.suffix in (".py", ".js", ".html"):
            found |= {key for key in KEY.findall(path.read_text(encoding="utf-8")) if key.partition(".")[0] in sections}
    files = {path.name for path in UI.rglob("*")}
    stems = set(PLURALS)
    return {key for key in found if key not in files and key not in stems and not key.startswith("app.py")} | BUILT


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_every_key_used_exists() -> None:
    assert sorted(used_keys() - set(EN.sentences)) == []


def test_every_key_is_used() -> None:
    assert sorted(set(EN.sentences) - used_keys()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_one_line_with_named_placeholders(language: str) -> None:
    for key, sentence in catalogue(language).sentences.items():
        assert sentence.strip() == sentence != "", key
        assert "\n" not in sentence, key
        for _, name, spec, conversion in string.Formatter().parse(sentence):
            assert name is None or (name.isidentifier() and not spec and not conversion), key


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_keys_in_the_same_order_and_placeholders(language: str) -> None:
    sentences = catalogue(language).sentences
    assert list(sentences) == list(EN.sentences)
    for key, sentence in sentences.items():
        assert placeholders(sentence) == placeholders(EN.sentences[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_untranslated(language: str) -> None:
    sentences = catalogue(language).sentences
    left = [key for key, sentence in sentences.items() if re.sub(r"\s", " ", sentence) == EN.sentences[key]]
    assert [key for key in left if key not in SAME and f"{language}:{key}" not in SAME] == []
    english = re.compile(r"\b(the|and|of|is|this|with|picture|again|camera)\b", re.IGNORECASE)
    assert [key for key, sentence in sentences.items() if english.search(sentence)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_not_much_longer(language: str) -> None:
    for key, sentence in catalogue(language).sentences.items():
        assert len(sentence) <= LONGER * len(EN.sentences[key]) + SLACK, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_on_a_button_is_short(language: str) -> None:
    for prefix, most in BUTTONS.items():
        for key, sentence in catalogue(language).sentences.items():
            assert not key.startswith(prefix) or len(sentence) <= most, key
            if key.startswith("site."):  # four in a row, and a word is not broken
                assert max(map(len, sentence.split())) <= 12, key


def test_french_has_its_spaces_before_double_signs() -> None:
    for key, sentence in catalogue("fr").sentences.items():
        assert not re.search(r"[^\u00a0\u202f][:;?!%]", sentence), key


def test_lesion_names_stand_in_one_place() -> None:
    for lesion in LesionClass:
        assert EN.text(f"lesion.{lesion.code}") == lesion.full_name
    for language in LANGUAGES:
        sentences = catalogue(language).sentences
        names = [sentence for key, sentence in sentences.items() if key.startswith("lesion.")]
        assert len(set(names)) == len(LesionClass)
        rest = " ".join(
            sentence for key, sentence in sentences.items() if not key.startswith("lesion.") and key != RULED_OUT
        )
        assert not [name for name in names if name in rest]


def test_a_missing_key_or_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        EN.text("capture.no_such_key")
    with pytest.raises(KeyError):
        EN.text("capture.scale")
    with pytest.raises(KeyError):
        EN.section("no_such_section")
    with pytest.raises(KeyError):
        catalogue("../en")
    assert EN.text("capture.scale", length=5) == "5 mm"


@pytest.mark.parametrize(
    ("language", "nought", "one", "two"),
    [
        ("en", "0 years", "1 year", "2 years"),
        ("de", "0 Jahre", "1 Jahr", "2 Jahre"),
        ("fr", "0 an", "1 an", "2 ans"),
        ("es", "0 años", "1 año", "2 años"),
    ],
)
def test_plural_forms(language: str, nought: str, one: str, two: str) -> None:
    words = catalogue(language)
    assert [words.count("start.years", age, age=age) for age in range(3)] == [nought, one, two]


@pytest.mark.parametrize(
    ("language", "number", "day"),
    [
        ("en", "1.2", "5 Mar 2026"),
        ("de", "1,2", "05.03.2026"),
        ("fr", "1,2", "5 mars 2026"),
        ("es", "1,2", "5 mar 2026"),
    ],
)
def test_numbers_and_days(language: str, number: str, day: str) -> None:
    words = catalogue(language)
    assert words.number(1.23, 1) == number
    assert words.day(date(2026, 3, 5)) == day
    moment = words.moment(datetime(2026, 3, 5, 12, 34, tzinfo=UTC))
    assert day in moment
    assert ":34" in moment


def test_a_browser_speaks_what_was_chosen_on_it() -> None:
    assert words_of({}, "de").language == "de"
    assert words_of({COOKIE: "fr"}, "de").language == "fr"
    assert words_of({COOKIE: "../en"}, "de").language == "de"
