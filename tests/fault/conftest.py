"""The account of the fault runs: one line a run with its counts and its seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ledger.stores import id_blocks
from tests.fault.member import RUN_ENTRIES
from tests.fault.runner import SEED

RUN = "fault run"


@pytest.fixture(scope="package", autouse=True)
def small_runs() -> Iterator[None]:
    """Ids are sealed and merged in this process as in the members'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(id_blocks, "RUN_ENTRIES", RUN_ENTRIES)
        yield


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Add a line to the account; the seed is shown with a failure as well."""
    print(f"{RUN}: VASTEDAG_SEED={SEED}")

    def tell(text: str) -> None:
        record_property(RUN, f"{text}; seed {SEED}")

    return tell


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the account."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, text in getattr(report, "user_properties", []):
                if name == RUN and report.when == "call":
                    terminalreporter.write_line(f"{RUN} {outcome}: {text}")
