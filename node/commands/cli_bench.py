"""`vastedag bench`: a figure, the machine's own limit in the same run, and their ratio."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ledger.benches.bench import AppendSetting, bench_append, bench_verify
from ledger.errors import LedgerError
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError
from node.population.bench import bench_population
from scheduler.benches import bench_law, bench_plan

APPEND_ENTRIES: Final = 20_000
VERIFY_ENTRIES: Final = 50_000
PLAN_HOUSEHOLDS: Final = 2_000
POPULATION_HOUSEHOLDS: Final = 1_000_000


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument(
        "--entries", "--households", dest="entries", type=int, metavar="N",
        help="how many entries or households",
    )  # fmt: skip
    parser.add_argument(
        "--state", type=Path, metavar="DIR",
        help="population: keep its database here and use it again",
    )  # fmt: skip
    parser.epilog = "JSON with the figure, the machine's own limit in the same run, and the ratio."


def _bench(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.entries is not None and arguments.entries < 1:
        raise UsageError("--entries: at least 1")
    if arguments.name == "population":
        households = arguments.entries or POPULATION_HOUSEHOLDS
        output.document(bench_population(households, arguments.state))
    elif arguments.state is not None:
        raise UsageError(f"--state: {arguments.name} keeps nothing")
    else:
        output.document(_BENCHES[arguments.name](arguments.entries))
    return DONE


_BENCHES: Final[dict[str, Callable[[int | None], dict[str, Any]]]] = {
    "append": lambda entries: bench_append(AppendSetting(entries=entries or APPEND_ENTRIES)),
    "verify": lambda entries: bench_verify(entries or VERIFY_ENTRIES),
    "derive": lambda rows: bench_law.bench(rows or bench_law.ROWS),
    "plan": lambda households: bench_plan.bench(households or PLAN_HOUSEHOLDS),
}
NAMES: Final = (*_BENCHES, "population")

COMMANDS: Final = {
    "bench": Command(
        arguments=_bench_arguments, run=_bench, faults=(LedgerError, NodeError, OSError)
    ),
}
