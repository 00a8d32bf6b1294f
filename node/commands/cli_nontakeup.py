"""`vastedag nontakeup`: rights derived on this node that nobody receives, listed and counted."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, Final

from ledger.errors import LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError
from node.households import Circles
from node.nontakeup import counted
from node.runtime import Node, system_today
from specs.errors import SpecFileError, ValueFaultError
from specs.values import parse_date


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    parser.add_argument("--subject", metavar="ID", help="one household, by this node's own id")
    parser.add_argument("--today", metavar="DATE", help="the day to reckon with (default: today)")
    parser.epilog = (
        "Per scheme: how many have a right and receive nothing, by the step to take, and what it\n"
        "is this year. Households stand in the order of their random ids: nobody is ranked."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    try:
        today = system_today() if arguments.today is None else parse_date(arguments.today)
    except ValueFaultError as error:
        raise UsageError(f"--today: {error}") from error

    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments), today=lambda: today)
        try:
            persons = node.facts.subjects()
            if arguments.subject is not None:
                if arguments.subject not in persons:
                    raise UsageError("--subject: no such subject on this node")
                persons = [arguments.subject]
            return await asyncio.to_thread(
                counted, Circles(node.facts), persons, today=today,
                rulebook=node.rules.rulebook(node.facts),
            )  # fmt: skip
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.answer(answer)
    for scheme, counts in answer["schemes"].items():
        output.text(
            f"{scheme} {answer['year']}: {counts['apply']} to apply, "
            f"{counts['wait_for_decision']} without a decision; {counts['cents']} cents"
        )
    output.text(f"{len(answer['households'])} households")
    return DONE


FAULTS: Final = (NodeError, LedgerError, SpecFileError)
COMMANDS: Final = {"nontakeup": Command(arguments=_arguments, run=_run, faults=FAULTS)}
