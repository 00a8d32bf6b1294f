"""`vastedag bench`: a figure, the machine's own limit in the same run, and their ratio."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ledger.benches.bench import AppendSetting, bench_append
from ledger.benches.bench_postgres import postgres
from ledger.benches.bench_records import MIRROR_NAMES
from ledger.benches.bench_verify import bench_verify
from ledger.errors import LedgerError
from node.benches.bench_portal import HOUSEHOLDS, bench_portal
from node.benches.bench_serve import ENTRIES_MADE, bench_serve
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError
from node.population.bench import bench_population
from scheduler.benches import bench_law, bench_plan
from scheduler.benches.bench_settlement import bench_settlement
from scheduler.benches.settlement_plot import settlement_svg
from scheduler.errors import SchedulerError

APPEND_ENTRIES: Final = 20_000
PROGRESS_ENTRIES: Final = 20_000
VERIFY_ENTRIES: Final = 100_000
PLAN_HOUSEHOLDS: Final = 2_000
POPULATION_HOUSEHOLDS: Final = 1_000_000
SETTLED_HOUSEHOLDS: Final = 100_000


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
    parser.add_argument("--plot", type=Path, metavar="FILE", help="settlement: write its plot, SVG")
    parser.add_argument(
        "--store", choices=("sqlite", "postgresql"), help="append, portal: where it is kept"
    )
    parser.add_argument(
        "--mirrors", type=int, metavar="N",
        help="append: mirrors beside it, each a process on this machine",
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
    elif arguments.name == "append":
        output.document(_append(arguments, output))
    elif arguments.mirrors is not None:
        raise UsageError(f"--mirrors: {arguments.name} has none")
    elif arguments.name == "portal":
        output.document(_portal(arguments))
    elif arguments.store is not None:
        raise UsageError(f"--store: {arguments.name} keeps nothing")
    elif arguments.name == "verify":
        entries = arguments.entries or VERIFY_ENTRIES
        output.document(bench_verify(entries, progress=output.message))
    elif arguments.name == "settlement":
        output.document(_settlement(arguments))
    elif arguments.plot is not None:
        raise UsageError(f"--plot: {arguments.name} draws nothing")
    else:
        output.document(_BENCHES[arguments.name](arguments.entries))
    return DONE


def _portal(arguments: argparse.Namespace) -> dict[str, Any]:
    households = arguments.entries or HOUSEHOLDS
    if arguments.store != "postgresql":
        return bench_portal(households)
    with postgres(1) as (url,):
        return bench_portal(households, url=url)


def _settlement(arguments: argparse.Namespace) -> dict[str, Any]:
    found = bench_settlement(arguments.entries or SETTLED_HOUSEHOLDS)
    if arguments.plot is not None:
        arguments.plot.write_text(settlement_svg(found), encoding="utf-8")
    return found


def _append(arguments: argparse.Namespace, output: Output) -> dict[str, Any]:
    if arguments.mirrors is not None and not 0 <= arguments.mirrors <= len(MIRROR_NAMES):
        raise UsageError(f"--mirrors: 0 to {len(MIRROR_NAMES)}")
    entries = arguments.entries or APPEND_ENTRIES
    told = 0

    def progress(done: int) -> None:
        nonlocal told
        if done - told >= PROGRESS_ENTRIES or done == entries:
            told = done
            output.message(f"{done} of {entries} entries have receipts")

    setting = AppendSetting(
        entries=entries, store=arguments.store or "sqlite", mirrors=arguments.mirrors or 0
    )
    return bench_append(setting, progress)


_BENCHES: Final[dict[str, Callable[[int | None], dict[str, Any]]]] = {
    "serve": lambda entries: bench_serve(entries or ENTRIES_MADE),
    "derive": lambda rows: bench_law.bench(rows or bench_law.ROWS),
    "plan": lambda households: bench_plan.bench(households or PLAN_HOUSEHOLDS),
}
NAMES: Final = ("append", "verify", *_BENCHES, "population", "portal", "settlement")

COMMANDS: Final = {
    "bench": Command(
        arguments=_bench_arguments,
        run=_bench,
        faults=(LedgerError, NodeError, SchedulerError, OSError),
    ),
}
