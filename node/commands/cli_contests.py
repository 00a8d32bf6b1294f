"""`vastedag contests`: what households contest of this member's records, and the decision on it."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from ledger.errors import LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.contests.desk import OUTCOMES, ContestDesk, ContestToDecide
from node.errors import NodeError
from node.flow import record
from node.runtime import Node
from specs.errors import SpecFileError


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="contests to decide, the first to decide first")
    add_home(listed)
    listed.add_argument("--all", action="store_true", help="those that are over too")
    decide = actions.add_parser("decide", help="record the decision on one contest")
    add_home(decide)
    decide.add_argument("contest", metavar="CONTEST", help="its id, as `list` tells it")
    decide.add_argument("--outcome", required=True, choices=OUTCOMES)
    decide.add_argument("--reason", required=True, help="why; the household reads it")
    for sub in (listed, decide):
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                         help="one JSON document on stdout")  # fmt: skip
    parser.epilog = (
        "Who wrote a record decides whether it is wrong. While a contest is open the more\n"
        "favourable amount is paid. partly_upheld keeps it open until a correction takes the\n"
        "record back."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            await node.ledger.refresh()
            desk = ContestDesk(node.facts, node.member, node.desk.today)
            if arguments.action == "decide":
                return await _decide(node, desk, arguments)
            return await asyncio.to_thread(_list, desk, arguments.all)
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.document(answer)
    return DONE


async def _decide(node: Node, desk: ContestDesk, arguments: argparse.Namespace) -> dict[str, Any]:
    try:
        draft = await asyncio.to_thread(
            desk.draft, arguments.contest, arguments.outcome, arguments.reason
        )
    except LookupError as error:
        raise UsageError(f"CONTEST: {error}; see `vastedag contests list`") from None
    recorded = await record(node.desk, draft)
    return {"contest": arguments.contest, "outcome": arguments.outcome,
            "recorded": recorded.record, "index": recorded.index}  # fmt: skip


def _list(desk: ContestDesk, over_too: bool) -> dict[str, Any]:
    found = {"to_decide": [_row(one) for one in desk.to_decide()]}
    return found | ({"over": [_row(one) for one in desk.decided()]} if over_too else {})


def _row(one: ContestToDecide) -> dict[str, Any]:
    """Without the person and what was typed: those the desk shows, and logs it."""
    shown = ("contest", "contested", "contested_type", "state", "filed_on", "decide_by")
    row = {name: value for name, value in asdict(one).items() if name in shown}
    return {name: str(v) if isinstance(v, date) else v for name, v in row.items()} | {
        "claimed": one.claimed_cents is not None
    }


FAULTS: Final = (NodeError, LedgerError, SpecFileError)
COMMANDS: Final = {"contests": Command(arguments=_arguments, run=_run, faults=FAULTS)}
