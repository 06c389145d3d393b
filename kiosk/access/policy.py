"""Who may do what: the one table. What it does not grant is refused."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from kiosk.clinical.operator import Operator, Role
from kiosk.errors import NotPermitted


class Permission(StrEnum):
    """What can be asked for."""

    EXAMINE = "examine"
    SEE_RECORDS = "see_records"
    RECONSTRUCT = "reconstruct"
    JUDGE = "judge"
    ENTER_HISTOLOGY = "enter_histology"
    EXPORT = "export"
    DELETE = "delete"
    BACK_UP = "back_up"
    RESTORE = "restore"
    READ_AUDIT = "read_audit"
    MANAGE_OPERATORS = "manage_operators"
    CHANGE_KEYS = "change_keys"
    CHANGE_SETTINGS = "change_settings"


PERMISSIONS = MappingProxyType(
    {
        Role.SCREENER: frozenset({Permission.EXAMINE, Permission.SEE_RECORDS}),
        Role.CLINICIAN: frozenset(
            {
                Permission.EXAMINE,
                Permission.SEE_RECORDS,
                Permission.JUDGE,
                Permission.ENTER_HISTOLOGY,
                Permission.EXPORT,
            }
        ),
        Role.ADMINISTRATOR: frozenset(
            {
                Permission.SEE_RECORDS,
                # a complaint: what the model said where it was not shown
                Permission.RECONSTRUCT,
                Permission.EXPORT,
                Permission.DELETE,
                Permission.BACK_UP,
                Permission.RESTORE,
                Permission.READ_AUDIT,
                Permission.MANAGE_OPERATORS,
                Permission.CHANGE_KEYS,
                Permission.CHANGE_SETTINGS,
            }
        ),
        # looks after the device: never sees a patient
        Role.ENGINEER: frozenset({Permission.BACK_UP, Permission.CHANGE_SETTINGS}),
    }
)
"""Role → what it grants."""


def require(operator: Operator, permission: Permission) -> None:
    """See that an operator may do something.

    Raises:
        NotPermitted: the role does not grant it, or the operator has left.
    """
    if not operator.active or permission not in PERMISSIONS[operator.role]:
        raise NotPermitted(f"A {operator.role} may not do this ({permission})", "Ask somebody whose role allows it")
