"""Zero packets: a full visit, browser included, with nothing but loopback there, and with every connection recorded."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a network namespace, and another program's system calls"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare: sudo apt-get install util-linux"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: sudo apt-get install strace"),
]

ROOT = Path(__file__).parents[2]
CALLS = "connect,sendto,sendmsg,sendmmsg"
# as strace -yy writes them: 24<UDP:[10.0.0.5:39000->192.0.2.1:53]>, {sa_family=AF_INET, … inet_addr("127.0.0.1")}
PEER = re.compile(r"\(\d+<(?:TCP|UDP)[^:]*:\[(?:\S*->)?\[?([0-9a-fA-F.:]+?)\]?:\d+\]>")
ADDRESS = re.compile(r"(?:inet_addr\(|inet_pton\(AF_INET6, )\"([0-9a-fA-F.:]+)\"")
ROUTE_LOOK_UP = re.compile(r"connect\(\d+<UDP")
"""Connecting a datagram socket sends nothing: so Chromium asks the kernel whether there is a route for IPv6."""
LOOPBACK = ("127.", "::1", "::ffff:127.")


def shipped_flags() -> list[str]:
    """What keeps the installed browser from looking outside: its own script, but for display and address."""
    script = (ROOT / "systemd" / "browser.sh").read_text(encoding="utf-8")
    lines = re.findall(r"^set -- \"\$@\" (--.*)$", script, re.MULTILINE)
    assert len(lines) >= 4
    return [flag for line in lines for flag in shlex.split(line)]


def foreign(log: str) -> list[str]:
    """Lines of a recording by which a packet goes, or would go, to anything but this machine's own loopback."""
    return [
        line
        for line in log.splitlines()
        if not ROUTE_LOOK_UP.search(line)
        and any(not place.startswith(LOOPBACK) for place in (*PEER.findall(line), *ADDRESS.findall(line)))
    ]


@pytest.mark.parametrize("namespace", [True, False], ids=["only loopback there", "a network there"])
def test_a_visit_talks_to_nobody_else(tmp_path: Path, namespace: bool) -> None:
    recording = tmp_path / "calls"
    watched = ["strace", "-f", "--seccomp-bpf", "-qq", "-yy", "-s", "0", "-e", f"trace={CALLS}", "-o", str(recording)]
    visit = [sys.executable, str(Path(__file__).with_name("offline_visit.py")), str(tmp_path), *shipped_flags()]
    done = subprocess.run(
        [*(["unshare", "--net"] if namespace else []), *watched, *visit],
        env={**os.environ, "PYTHONPATH": str(ROOT), **({"LOOPBACK": "1"} if namespace else {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "the visit is over\n"), done.stderr[-3000:]
    log = recording.read_text(encoding="utf-8", errors="replace")
    assert PEER.search(log), "the recorder sees what there is"
    assert foreign(log) == []


HERE = '{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}'
THERE = '{sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}'
THERE_6 = '{sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "2001:4860:4860::8888", &sin6_addr)}'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"1 connect(3<TCP:[4711]>, {THERE}, 16) = -1 ENETUNREACH", True),
        (f"1 connect(3<TCPv6:[4711]>, {THERE_6}, 28 <unfinished ...>", True),
        (f'1 sendto(3<UDP:[4711]>, ""..., 30, 0, {THERE}, 16) = 30', True),
        ('1 sendto(3<UDP:[10.0.0.5:39000->192.0.2.1:53]>, ""..., 30, 0, NULL, 0) = 30', True),
        ("1 sendmsg(3<UDPv6:[[fd00::1]:39000->[2001:4860:4860::8888]:443]>, {msg_name=NULL}, 0) = 30", True),
        (f"1 connect(3<TCP:[4711]>, {HERE}, 16) = 0", False),
        ('1 sendto(3<TCP:[127.0.0.1:39000->127.0.0.1:8501]>, ""..., 30, 0, NULL, 0) = 30', False),
        (f"1 connect(3<UDPv6:[4711]>, {THERE_6}, 28) = 0", False),
        ('1 connect(3<UNIX-STREAM:[4711]>, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0', False),
    ],
)
def test_the_recorder_would_tell(line: str, told: bool) -> None:
    assert bool(foreign(line)) == told
