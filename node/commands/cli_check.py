"""Commands by which an operator looks at a node's own copy of the log: fsck, evidence."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledger.errors import LedgerError
from ledger.evidence import list_evidence, write_evidence
from ledger.fsck import Problem
from ledger.fsck_ids import rebuild_ids
from ledger.fsck_sql import fsck_database
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.stores.database_sql import Database
from ledger.stores.store_sql import SqlStore
from node.commands.cli_home import add_home, home_of, with_store
from node.commands.cli_output import DONE, AnswerNoError, Command, Output
from node.errors import NodeError
from node.ledger_side import genesis_registry
from node.setup.home import Home

CHECK_THREADS: Final = 4


def _fsck_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rebuild-ids",
        action="store_true",
        help="first make the index of ids again from the entries, while the node is stopped",
    )
    add_home(parser)


def _fsck(arguments: argparse.Namespace, output: Output) -> int:
    """Read everything once; repair nothing but, when asked to, the index of ids."""
    home = home_of(arguments)
    if arguments.rebuild_ids:
        asyncio.run(_rebuilt(home.ledger_url))
    with bar("entries checked") as progress:
        problems = check_ledger(home, progress)
    found = [
        {"place": each.place, "reason": each.reason, "repair": each.repair} for each in problems
    ]
    if found:
        lines = [f"{each['place']}: {each['reason']}; {each['repair']}" for each in found]
        raise AnswerNoError("\n".join(lines), {"sound": False, "problems": found})
    output.answer({"sound": True, "problems": []})
    output.text(f"{home.directory}: sound")
    return DONE


async def _rebuilt(url: str) -> None:
    database = Database(url)
    try:
        await rebuild_ids(database)
    finally:
        await database.close()


def check_ledger(home: Home, progress: Callable[[int, int], None] | None) -> list[Problem]:
    """Every problem of this home's copy of the log; call it outside an event loop."""
    founded = None
    if home.genesis_file.exists():
        founded = genesis_registry(home.genesis_file.read_bytes())
    checks = ThreadChecks(CHECK_THREADS)
    try:
        return asyncio.run(
            fsck_database(
                home.ledger_url, checks, now=int(time.time()), founded=founded, progress=progress
            )
        )
    finally:
        checks.close()


def _evidence_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="write each as a folder with its signed parts"
    )
    add_home(parser)
    parser.epilog = "Exit 0 when there is none, 1 when there is any."


def _evidence(arguments: argparse.Namespace, output: Output) -> int:
    """Contradictions, oldest first: signed statements of one log that cannot both be true."""

    async def read(store: SqlStore) -> list[dict[str, Any]]:
        if arguments.out is not None:
            await write_evidence(store, arguments.out)
        return await list_evidence(store)

    found = with_store(home_of(arguments), read)
    if found:
        lines = [f"{each['found_at']} {each['name']}: {each['reason']}" for each in found]
        raise AnswerNoError("\n".join(lines), {"evidence": found})
    output.answer({"evidence": []})
    output.text("no contradictions were kept")
    return DONE


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, when that is a terminal."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


FAULTS: Final = (LedgerError, NodeError, OSError)
COMMANDS: Final = {
    "fsck": Command(arguments=_fsck_arguments, run=_fsck, faults=FAULTS),
    "evidence": Command(arguments=_evidence_arguments, run=_evidence, faults=FAULTS),
}
