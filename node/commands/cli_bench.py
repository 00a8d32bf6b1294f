"""`vastedag bench`: a figure, the machine's own limit in the same run, and their ratio."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

from ledger.benches.bench import AppendSetting, bench_append, bench_verify
from ledger.errors import LedgerError
from node.commands.cli_output import DONE, Command, Output, UsageError
from scheduler.benches import bench_law, bench_plan

APPEND_ENTRIES: Final = 20_000
VERIFY_ENTRIES: Final = 50_000
PLAN_HOUSEHOLDS: Final = 2_000


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", choices=tuple(_BENCHES), help=", ".join(_BENCHES))
    parser.add_argument("--entries", type=int, help="how many entries or households")
    parser.epilog = "JSON with the figure, the machine's own limit in the same run, and the ratio."


def _bench(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.entries is not None and arguments.entries < 1:
        raise UsageError("--entries: at least 1")
    output.document(_BENCHES[arguments.name](arguments.entries))
    return DONE


_BENCHES: Final[dict[str, Callable[[int | None], dict[str, Any]]]] = {
    "append": lambda entries: bench_append(AppendSetting(entries=entries or APPEND_ENTRIES)),
    "verify": lambda entries: bench_verify(entries or VERIFY_ENTRIES),
    "derive": lambda rows: bench_law.bench(rows or bench_law.ROWS),
    "plan": lambda households: bench_plan.bench(households or PLAN_HOUSEHOLDS),
}

COMMANDS: Final = {
    "bench": Command(arguments=_bench_arguments, run=_bench, faults=(LedgerError, OSError)),
}
