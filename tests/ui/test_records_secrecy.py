"""A planted patient's code is looked for everywhere after a whole run with records, and is nowhere in the clear."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ui.clinic import CLARA, PINS, go, log_in, opened
from tests.ui.conftest import CHROMIUM, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.ui.conftest import StartServer

pytestmark = pytest.mark.browser

MARKER = "QZXJ7K31VW9U"


def spellings(secret: str) -> dict[str, bytes]:
    """The ways in which a program may have written it down."""
    plain = secret.encode()
    shifted = {
        f"base64, {skip} before": base64.b64encode(bytes(skip) + plain)[4 if skip else 0 : -4] for skip in range(3)
    }
    return {"plain": plain, "UTF-16": secret.encode("utf-16-le"), "hexadecimal": plain.hex().encode(), **shifted}


def places(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder: its name, and its content."""
    for path in folder.rglob("*"):
        yield f"name of {path}", str(path).encode()
        if path.is_file():
            yield str(path), path.read_bytes()


def test_a_planted_code_and_pin_are_nowhere_in_the_clear(
    start_server: StartServer,
    chromium: Browser,
    tmp_path: Path,
    shared_tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temporary, profile = tmp_path / "temporary", tmp_path / "profile"
    for folder in (temporary, profile):
        folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with opened(start_server, tmp_path, shared_tiny_bundle) as clinic:
        browser = chromium.browser_type.launch_persistent_context(
            profile, executable_path=str(CHROMIUM), args=["--no-sandbox"], viewport={"width": 1280, "height": 800},
            has_touch=True,
        )  # fmt: skip
        urls: list[str] = []
        browser.on("request", lambda request: urls.append(request.url + (request.post_data or "")))
        page = browser.new_page()
        page.goto(clinic.server.url)
        screen = Screen(page, "1280x800")
        log_in(screen, CLARA)
        screen.see(".start:not([inert])")
        screen.enter_code(MARKER)
        screen.tap(".continue")
        screen.picture()
        screen.to_result()
        screen.see('.kept[data-state="saved"]')
        screen.done()
        go(screen, "archive")
        screen.tap(".archive .row")
        screen.see(f'.kept.screen .summary:has-text("{MARKER}")')
        storage = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert clinic.server.process is not None
        process = Path("/proc", str(clinic.server.process.pid))
        seen = [
            ("addresses", "\n".join([page.url, *urls]).encode()),
            ("browser storage", str(storage).encode()),
            ("arguments", (process / "cmdline").read_bytes()),
            ("environment", (process / "environ").read_bytes()),
        ]
        browser.close()
        clinic.server.stop()
        seen += [("log", clinic.server.log().encode()), *places(tmp_path)]
        with clinic.store() as store:
            assert [known.code for known in store.patients(MARKER[:4])] == [MARKER], "it was there to be found"
    found = [
        f"{what} in {where}"
        for secret in (MARKER, PINS[CLARA.id])
        for what, spelling in spellings(secret).items()
        for where, content in seen
        if spelling in content
    ]
    assert found == []
