"""`vastedag ingest`: a batch in an agency's format -> records, and every problem of the file."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.formats import FORMATS
from adapters.reading import masked
from ledger.errors import LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, NO, Command, Output, read_bytes
from node.errors import NodeError
from node.flow import record
from node.ingest import Answer, Loaded, load, loaded, read
from node.runtime import Node, system_now
from node.setup.home import open_home
from node.stores import problems_sql
from node.stores.database_sql import Database
from specs.event import utc_text
from specs.records import RecordDraft


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the agency's file; `-` reads standard input")
    parser.add_argument("--format", metavar="F", required=True, choices=sorted(FORMATS))
    parser.add_argument(
        "--delivered",
        metavar="MOMENT",
        type=_moment,
        help="when the source said this, 2026-01-31T12:00:00Z, for a format that does not tell",
    )
    parser.add_argument("--dry-run", action="store_true", help="read it only; needs no node")
    add_home(parser)
    parser.epilog = (
        f"Formats: {', '.join(sorted(FORMATS))}.\n"
        "Good rows are recorded, also when others are not; exit 1 when a row was lost.\n"
        "The same file again makes no second record; a value that comes back after another one\n"
        "is a new record when its file is another one, or --delivered names a later moment."
    )


def _moment(text: str) -> str:
    """A moment in UTC as it is kept; raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment such as 2026-01-31T12:00:00Z")
    return utc_text(moment)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """Read, record, and tell what became of every row."""
    source = "standard input" if arguments.file == "-" else masked(Path(arguments.file).name)
    drafts, problems = read(
        read_bytes(arguments.file), arguments.format, source, arguments.delivered
    )
    if arguments.dry_run:
        told = [Answer()] * len(drafts)
    else:
        told = asyncio.run(_record(home_directory(arguments), source, drafts))
    account = loaded(source, arguments.format, problems, list(zip(drafts, told, strict=True)))
    if not arguments.dry_run:
        _keep(home_directory(arguments), account)
    output.answer({"dry_run": arguments.dry_run, **account.as_json()})
    for line in _lines(account, dry_run=arguments.dry_run):
        output.text(line)
    return DONE if account.whole else NO


async def _record(directory: Path, source: str, drafts: Sequence[RecordDraft]) -> list[Answer]:
    node = Node.open(directory)
    try:
        await node.ledger.refresh()
        parcels = [(source, draft) for draft in drafts]
        return await load(parcels, lambda draft: record(node.desk, draft))
    finally:
        await node.close()


def _keep(directory: Path, account: Loaded) -> None:
    """Note for the desk what became of the file."""
    database = Database(open_home(directory).database_url)
    try:
        with database.write() as connection:
            problems_sql.keep(connection, account, system_now())
    finally:
        database.close()


def _lines(account: Loaded, *, dry_run: bool) -> list[str]:
    done = "would be recorded" if dry_run else "recorded"
    lines = [
        f"{account.source}: {account.records} records {done}, {account.repeated} of them before"
    ]
    lines += [f"  {count} {name}" for name, count in sorted(Counter(account.types).items())]
    for problem in (*account.refused, *account.problems):
        mark = "tolerated" if problem.severity == "tolerated" else "problem"
        lines.append(f"  {mark}: {problem}")
    return lines


COMMANDS: Final = {
    "ingest": Command(arguments=_arguments, run=_run, faults=(NodeError, LedgerError)),
}
