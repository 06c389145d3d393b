"""Messages that no screen sends, on a logged-in page's own socket: refused by role, by session and by sense."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from kiosk.clinical.examination import Consent
from kiosk.records.search import Filter
from kiosk.text.catalogue import catalogue
from tests.ui.clinic import ANNA, BEN, CLARA, Clinic, go, log_in, opened
from tests.ui.conftest import WAIT_MS

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, StartServer

pytestmark = pytest.mark.browser

EN = catalogue("en")
# keeps what the page sends, and the socket that it goes to
OVERHEAR = """() => {
  const send = WebSocket.prototype.send;
  window.heard = [];
  WebSocket.prototype.send = function (data) {
    if (typeof data !== "string") {
      window.socket = this;
      window.heard.push(btoa(String.fromCharCode(...new Uint8Array(data))));
    }
    return send.call(this, data);
  };
}"""
SAY = "(bytes) => window.socket.send(Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)))"


class Forger:
    """A page whose messages are changed on their way."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        screen.page.evaluate(OVERHEAR)

    def heard(self, component: str) -> BackMsg:
        """The last tap of a component, which may be on its way yet."""
        give_up_s = time.monotonic() + WAIT_MS / 1e3
        while time.monotonic() < give_up_s:
            for sent in reversed(self._screen.page.evaluate("window.heard")):
                message = BackMsg()
                message.ParseFromString(base64.b64decode(sent))
                if any(f"-{component}__" in state.id for state in message.rerun_script.widget_states.widgets):
                    return message
            self._screen.page.wait_for_timeout(50)
        raise AssertionError(f"the page has sent nothing of {component}")

    def say(self, message: BackMsg, **tap: object) -> None:
        """Send a tap again that says something else, and wait until the server has drawn its answer."""
        for state in message.rerun_script.widget_states.widgets:
            state.json_trigger_value = json.dumps([{"event": "tap", "value": tap}])
        self._screen.page.evaluate(SAY, base64.b64encode(message.SerializeToString()).decode())
        self._screen.heartbeats()


def tapped(message: BackMsg) -> dict[str, Any]:
    """What a message says of a tap."""
    (state,) = message.rerun_script.widget_states.widgets
    return dict(json.loads(state.json_trigger_value)[0]["value"])


@pytest.fixture
def clinic(start_server: StartServer, tmp_path: Path, shared_tiny_bundle: Path) -> Iterator[Clinic]:
    with opened(start_server, tmp_path, shared_tiny_bundle) as made:
        yield made


def examine(screen: Screen, code: str) -> None:
    screen.see(".start:not([inert])")
    screen.enter_code(code)
    screen.tap(".continue")
    screen.picture()
    screen.to_result()
    screen.done()


def test_what_a_role_may_not_do_it_cannot_forge(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, BEN)
    examine(screen, "77")
    forger = Forger(screen)
    go(screen, "archive")
    of_the_desk = forger.heard("desk")
    screen.tap(".archive .row")
    of_the_archive = forger.heard("archive")
    screen.see(".kept.screen:not([inert])")
    screen.tap(".kept > .panel .back")
    screen.see(".archive:not([inert])")
    of_the_examination = forger.heard("kept")
    opened_id = tapped(of_the_archive)["id"]

    screen.tap(".archive .row")
    screen.see(".kept.screen:not([inert])")
    forger.say(of_the_examination, name="judge", id=opened_id, level="routine", lesion="nv")
    screen.see(f'.kept .told:has-text("{EN.fault("A4")}")')
    forger.say(of_the_examination, name="histology", id=opened_id, lesion="mel")
    forger.say(of_the_examination, name="delete", id=opened_id)
    screen.see(f'.kept .told:has-text("{EN.fault("A4")}")')
    screen.tap(".kept > .panel .back")
    screen.see(".archive:not([inert])")
    for guess in ("0" * 32, "../../etc/passwd", "A" * 10_000):
        forger.say(of_the_archive, name="open", id=guess)
        screen.see(f'.kept .band:has-text("{EN.text("archive.none")}")')
        assert "77" not in screen.see(".kept").inner_text()
        screen.tap(".kept > .panel .back")
        screen.see(".archive:not([inert])")
    screen.tap(".archive > .dock .back")
    screen.see(".desk:not([inert])")
    for item in ("office", "backup", "nothing"):
        forger.say(of_the_desk, name="go", to=item)
        assert screen.page.locator(".desk:not([inert])").count() == 1

    clinic.server.stop()
    with clinic.store() as store:
        (row,) = store.find(Filter(), "test")
        kept = store.examination(row.id, "test")
        assert (kept.verdicts, kept.histology) == ((), None)
        refused = [line for line in store.audit_lines(limit=999) if line.event == "refused"]
        assert {line.operator_id for line in refused} == {BEN.id}
        assert len(refused) >= 6
        assert all("passwd" not in line.detail and "AAAA" not in line.detail for line in refused)
    assert "passwd" not in clinic.server.log()


def test_choices_that_no_screen_offers_change_nothing(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, CLARA)
    screen.see(".start:not([inert])")
    forger = Forger(screen)
    screen.enter_code("77")
    screen.tap(".continue")
    screen.picture()
    screen.tap(".which")
    screen.see(".lesion:not([inert])")
    screen.tap(".lesion .back")
    screen.picture()
    of_the_lesions = forger.heard("lesion")
    for lesion, consent, at in (
        ("f" * 32, "care", {}),
        ("new", "everything", {"view": "front", "x": 0.5, "y": 0.3}),
        ("new", "care", {"view": "inside", "x": 0.5, "y": 0.3}),
        ("new", "care", {"view": "front", "x": "NaN", "y": -7}),
        ("new", "care", {"view": "front", "x": 0.99, "y": 0.99}),
        ("new", "care", {}),
        (["new"], None, {"view": {}, "x": []}),
    ):
        screen.tap(".which")
        screen.see(".lesion:not([inert])")
        forger.say(of_the_lesions, name="follow", lesion=lesion, consent=consent, **at)
        screen.tap(".lesion .back")
        screen.picture()
    screen.to_result()
    screen.done()
    go(screen, "archive")
    screen.see(".archive .row")
    screen.tap(".archive .narrow")
    screen.tap(".narrowing .everything")
    of_the_archive = forger.heard("archive")
    screen.see(".archive .row")
    for choice in ({"site": "moon"}, {"verdict": 7}, {"examined": "-1"}, {"lesion": "../x"}, {"show": ["referrals"]}):
        forger.say(of_the_archive, name="narrow", **choice)
        assert screen.see(".archive .row").count() == 1
    forger.say(of_the_archive, name="search", code="'; DROP TABLE examinations --" + "A" * 10_000)
    screen.see(f'.archive .none:has-text("{EN.text("archive.none")}")')

    clinic.server.stop()
    with clinic.store() as store:
        (row,) = store.find(Filter(), "test")
        kept = store.examination(row.id, "test")
        assert (kept.lesion, kept.consent) == (None, Consent.CARE)
    assert "DROP" not in clinic.server.log()


def test_a_session_that_is_over_changes_nothing(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, CLARA)
    examine(screen, "77")
    forger = Forger(screen)
    go(screen, "archive")
    screen.tap(".archive .row")
    opened_id = tapped(forger.heard("archive"))["id"]
    screen.see(".kept.screen:not([inert])")
    screen.tap(".kept > .panel .back")
    screen.see(".archive:not([inert])")
    of_the_examination, of_the_archive = forger.heard("kept"), forger.heard("archive")
    screen.tap(".archive > .dock .back")
    screen.tap(".desk:not([inert]) .lock")
    screen.see(".unlock:not([inert])")
    forger.say(of_the_archive, name="open", id=opened_id)
    forger.say(of_the_examination, name="judge", id=opened_id, level="routine", lesion="nv")
    assert screen.page.locator(".unlock:not([inert])").count() == 1
    log_in(screen, ANNA)
    screen.see(".desk:not([inert])")
    clinic.server.stop()
    with clinic.store() as store:
        (row,) = store.find(Filter(), "test")
        assert store.examination(row.id, "test").verdicts == ()
