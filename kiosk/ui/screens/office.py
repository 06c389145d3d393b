"""Office: the administrator's screen, with who may log in, new recovery words, and how the records are."""

from __future__ import annotations

import logging

from edge_models.errors import DermakioskError
from kiosk.clinical.operator import Operator, Role
from kiosk.errors import AccessError
from kiosk.text.catalogue import Catalogue
from kiosk.ui.device import Device
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount

_log = logging.getLogger(__name__)


def draw(words: Catalogue, device: Device, seat: Seat, operator: Operator) -> None:
    """Draw the screen."""

    def on_tap(tap: Tap) -> None:
        if tap.get("name") == "back":
            seat.place = Place.DESK
            seat.settled()
        else:
            _change(device, seat, tap)

    try:
        operators, facts = device.office.operators(seat.number), _facts(words, device, seat)
    except DermakioskError as error:
        seat.failed(error)
        operators, facts = [], []
    mount(
        "office",
        {
            "texts": words.section("office", "desk", "setup", "archive", "pin"),
            "operators": [_row(words, each, own=each.id == operator.id) for each in operators],
            "roles": [(str(role), words.text(f"role.{role}")) for role in Role],
            "facts": facts,
            "attempt": seat.attempt,
            "told": words.fault(seat.trouble) if seat.trouble else "",
        },
        on_tap,
    )


def _change(device: Device, seat: Seat, tap: Tap) -> None:
    office, number = device.office, seat.number
    pin = str(tap["pin"]) if "pin" in tap else None
    try:
        match tap.get("name"):
            case "add":
                office.add_operator(number, str(tap.get("operator")), Role(str(tap.get("role"))), pin or "")
            case "change":
                role = Role(str(tap.get("role")))
                office.change_operator(number, str(tap.get("id")), role, active=tap.get("active") is True, pin=pin)
            case "words":
                seat.words = office.renew_recovery(number)
    except DermakioskError as error:
        seat.failed(error)
    except (ValueError, KeyError) as error:  # what a browser sent is nothing that the screen's keys can send
        _log.warning("a change was refused: %s", type(error).__name__)
        seat.failed(AccessError("There is no such choice", "Choose again"))
    else:
        seat.settled()


def _row(words: Catalogue, operator: Operator, *, own: bool) -> dict[str, object]:
    role = words.text(f"role.{operator.role}")
    said = role if operator.active else words.text("office.left", role=role)
    known = {"id": operator.id, "name": operator.name, "role": str(operator.role)}
    return known | {"active": operator.active, "own": own, "said": said}


def _facts(words: Catalogue, device: Device, seat: Seat) -> list[tuple[str, str]]:
    health = device.office.health(seat.number)
    space = health.capacity
    backup = words.text("unlock.no_backup") if health.last_backup_at is None else words.moment(health.last_backup_at)
    fit = words.count("desk.space", space.about_examinations, count=words.number(space.about_examinations))
    return [
        (words.text("office.kept"), words.number(space.kept)),
        (words.text("office.space"), fit),
        (words.text("office.backup"), backup),
        (words.text("office.audit_count"), words.number(health.audit_count)),
        (words.text("office.audit_head"), health.audit_head),
    ]
