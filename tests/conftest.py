"""What all tests share: capabilities a machine may lack are counted, never skipped in silence."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests import needs

NOT_RUN = "not run: needs "


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of needs.py."""
    config.addinivalue_line("markers", "needs(name): a service or capability; see tests/needs.py")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip with the one known wording, or fail in CI when a service is missing."""
    for marker in item.iter_markers("needs"):
        needs.require(str(marker.args[0]))
    if item.get_closest_marker("realdata") is not None:
        needs.require("VASTEDAG_REALDATA")
    if item.get_closest_marker("browser") is not None:
        needs.require("chromium")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with one line per missing need and the number of tests it cost."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NOT_RUN in text:
            counts[text.split(NOT_RUN, 1)[1].strip()] += 1
        else:
            counts[f"a reason of its own ({text})"] += 1
    for need, number in sorted(counts.items()):
        terminalreporter.write_line(f"{NOT_RUN}{need}: {number} tests")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real agency files."""
    needs.require("VASTEDAG_REALDATA")
    return Path(os.environ["VASTEDAG_REALDATA"])
