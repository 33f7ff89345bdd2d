"""Tests that share something dear, such as one start of the program, run in one process of `make test`."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GROUPED = """
import pytest

@pytest.mark.parametrize("one", range(6))
@pytest.mark.xdist_group("together")
def test_grouped(one):
    pass
"""


def test_a_group_is_not_spread_over_processes(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    (how,) = re.findall(r"-n \$\(WORKERS\) (--dist \w+) -q$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", *how.split(), "-v", "-p", "no:cacheprovider"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    workers = re.findall(r"^\[(gw\d)\] .* PASSED", done.stdout, re.MULTILINE)
    assert len(workers) == 6
    assert len(set(workers)) == 1
