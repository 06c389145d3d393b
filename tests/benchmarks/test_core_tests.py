"""What came of the core tests on arm64, from pytest's own output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.arm64.core_tests import read_log, summary

CODE = "0123456789abcdef"
PASSED = f"# {CODE}\n....s\nSKIPPED [1] tests/x.py:9: no C compiler\n4 passed, 1 skipped in 7.15s\n# done\n"
FAILED = f"# {CODE}\n.F\nFAILED tests/y.py::test_it - assert 1 == 2\n1 failed, 1 passed in 700.15s (0:11:40)\n"


def test_counts_are_read_and_failures_named() -> None:
    said, well = summary({"tests/x.py": PASSED, "tests/y.py": FAILED}, CODE)
    assert not well
    assert "NOT all well: 5 passed, 1 failed, 0 error, 1 skipped" in said
    assert "FAILED tests/y.py::test_it" in said
    assert "no C compiler" in said


def test_all_passed_is_well() -> None:
    said, well = summary({"tests/x.py": PASSED}, CODE)
    assert well
    assert said.endswith("all core tests: 4 passed, 0 failed, 0 error, 1 skipped")


@pytest.mark.parametrize("text", ["", PASSED.replace(CODE, "other"), f"# {CODE}\n..... [ 50%]\n"])
def test_what_was_interrupted_or_is_of_other_code_does_not_count(text: str) -> None:
    said, well = summary({"tests/x.py": PASSED, "tests/z.py": text}, CODE)
    assert not well
    assert "did not run to its end" in said


def test_pytests_own_closing_line_is_understood(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n@pytest.fixture\ndef bad(): raise OSError\n"
        "def test_c(bad): pass\n@pytest.mark.skip\ndef test_d(): pass\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=-ra", "test_a.py"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    counts = read_log(f"# {CODE}\n{output}", CODE)
    assert counts == {"passed": 1, "failed": 1, "error": 1, "skipped": 1}
