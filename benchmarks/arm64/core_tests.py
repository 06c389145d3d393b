"""`python -m benchmarks.arm64.core_tests FOLDER CODE`: what came of the core tests, from the logs that `run.sh` kept.

FOLDER holds one log for each file of tests. Its first line is "# " and a digest of the code that was tested; logs of
other code than CODE do not count. Exit code 1 where a test failed or a file did not run to its end.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

FOLDERS = ("tests/edge_models", "tests/kiosk")
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected)\b")
_CLOSING = re.compile(rf"^(?:=+ )?({_COUNTS.pattern}(?:, )?)+ in [\d.]+s", re.MULTILINE)


def read_log(text: str, code: str) -> Counter[str] | None:
    """Tests by what came of them, "passed", "failed", …; None where the log is of other code or ends too early."""
    if not text.startswith(f"# {code}\n"):
        return None
    closing = list(_CLOSING.finditer(text))
    if not closing:
        return None
    return Counter({word.removesuffix("s"): int(count) for count, word in _COUNTS.findall(closing[-1].group())})


def summary(logs: Mapping[str, str], code: str) -> tuple[str, bool]:
    """What to say of all files of tests, and whether all is well.

    Args:
        logs: pytest's output by file of tests; empty for one that did not run.
        code: the digest of the code that counts.
    """
    lines, total, well = [], Counter[str](), True
    for file, text in logs.items():
        counts = read_log(text, code)
        if counts is None:
            lines.append(f"{file:<52} did not run to its end")
            well = False
            continue
        total += counts
        lines.append(f"{file:<52} " + ", ".join(f"{count} {word}" for word, count in counts.items()))
        lines += [f"    {line}" for line in text.splitlines() if line.startswith(("FAILED ", "ERROR ", "SKIPPED "))]
    well = well and bool(total["passed"]) and not (total["failed"] or total["error"])
    counted = ", ".join(f"{total[word]} {word}" for word in ("passed", "failed", "error", "skipped"))
    return "\n".join([*lines, f"{'all core tests' if well else 'NOT all well'}: {counted}"]), well


def main() -> int:
    """Print what came of every file of core tests; 1 where one failed or is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("code")
    options = parser.parse_args()
    files = sorted(str(path) for folder in FOLDERS for path in Path(folder).rglob("test_*.py"))
    logs = {}
    for file in files:
        log = options.folder / f"{file.replace('/', '.')}.log"
        logs[file] = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    said, well = summary(logs, options.code)
    print(said)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
