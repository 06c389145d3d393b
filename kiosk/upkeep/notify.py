"""What the service manager is told: systemd's sd_notify protocol, which is one datagram to a socket.

Every function does nothing where no service manager listens (`NOTIFY_SOCKET` is not set): nobody need ask who started
the kiosk.
"""

from __future__ import annotations

import os
import socket


def ready() -> None:
    """The kiosk answers requests: start-up is over."""
    _send("READY=1")


def watchdog() -> None:
    """The kiosk makes progress; call it only where that was just seen, at least every `watchdog_interval_s()`."""
    _send("WATCHDOG=1")


def stopping() -> None:
    """The kiosk is shutting down of its own will."""
    _send("STOPPING=1")


def watchdog_interval_s() -> float | None:
    """How often to call `watchdog()`, in seconds: half of what the manager waits; None where it does not watch us."""
    watched_us = os.environ.get("WATCHDOG_USEC", "")
    watched_pid = os.environ.get("WATCHDOG_PID", "")
    if not watched_us.isdecimal() or int(watched_us) == 0:
        return None
    if watched_pid and watched_pid != str(os.getpid()):
        return None
    return int(watched_us) / 1e6 / 2


def _send(state: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket: the kernel writes its name with a leading zero byte
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(state.encode(), address)
    except OSError:
        return  # a manager that went away, or no descriptor to be had, must not take the kiosk with it
