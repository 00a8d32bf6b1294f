"""`vastedag erase`: the end of retention on a node."""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

from ledger.errors import LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError
from node.retention import Erased, erase_ended, erase_subject
from node.runtime import Node, system_today
from specs.errors import ValueFaultError
from specs.values import parse_date


def _arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--subject", metavar="ID", help="one person, by this node's own id")
    which.add_argument(
        "--ended", action="store_true", help="every record whose term (competence.yaml) is over"
    )
    parser.add_argument("--today", metavar="DATE", help="the day to reckon with (default: today)")
    add_home(parser)
    parser.epilog = (
        "Keys are destroyed, and rows derived of the content deleted; this cannot be undone.\n"
        "The ledger keeps author, class and hour of each record and verifies as before. Other\n"
        "members erase what they hold; remove backups made before, they hold the keys."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    try:
        today = system_today() if arguments.today is None else parse_date(arguments.today)
    except ValueFaultError as error:
        raise UsageError(f"--today: {error}") from error

    async def run() -> Erased:
        node = Node.open(home_directory(arguments))
        try:
            if arguments.ended:
                found = await asyncio.to_thread(
                    erase_ended, node.database, node.records, node.competence, today
                )
            elif arguments.subject not in node.facts.subjects():
                raise UsageError("--subject: no such subject on this node")
            else:
                found = await asyncio.to_thread(
                    erase_subject, node.database, node.records, arguments.subject
                )
            node.facts.forget()
            return found
        finally:
            await node.close()

    answer = asyncio.run(run()).as_json()
    output.answer(answer)
    output.text(f"{answer['records']} records erased")
    for name, count in answer["types"].items():
        output.text(f"  {count} {name}")
    return DONE


COMMANDS: Final = {
    "erase": Command(arguments=_arguments, run=_run, faults=(NodeError, LedgerError)),
}
