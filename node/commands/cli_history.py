"""`vastedag history`: one record followed to decisions and claims, on both time axes."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, Final

from ledger.errors import LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, Command, Output
from node.errors import NodeError
from node.history import history
from node.households import Circles
from node.runtime import Node
from specs.errors import SpecFileError


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", metavar="RECORD", help="id of a record that this node holds")
    add_home(parser)
    parser.epilog = (
        "Per month in the world (valid) what was known just before the record's entry and just\n"
        "after it, then the decisions and claims that followed, each with its own entry (known)."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            return await asyncio.to_thread(_found, node, str(arguments.record))
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.answer(answer)
    for line in _lines(answer):
        output.text(line)
    return DONE


def _found(node: Node, record: str) -> dict[str, Any]:
    members = sorted(node.view.registry.members)
    facts = (node.facts.fact(member, record) for member in members)
    fact = next((one for one in facts if one is not None), None)
    return history(Circles(node.facts), fact, node.rules.rulebook(node.facts))


def _lines(answer: dict[str, Any]) -> list[str]:
    until = answer["valid_until"] or "open"
    head = f"{answer['type']} of {answer['author']}: valid {answer['valid_from']} to {until}"
    lines = [f"{head}, known from entry {answer['known_from']}"]
    for applicant in answer["applicants"]:
        for one in applicant["months"]:
            lines.append(
                f"  valid {one['month']}  {one['scheme']:<20} known before {one['known_before']}, "
                f"after {one['known_after']} cents"
            )
        for one in applicant["answers"]:
            told = ", ".join(f"{month} {cents}" for month, cents in one["months"].items())
            rest = f"; open {one['open_cents']}" if "open_cents" in one else ""
            lines.append(
                f"  known from entry {one['known_from']} ({one['decided_on']})  {one['kind']} "
                f"{one['scheme']}: {told or 'nothing asked'}{rest}"
            )
    return lines


FAULTS: Final = (NodeError, LedgerError, SpecFileError)
COMMANDS: Final = {"history": Command(arguments=_arguments, run=_run, faults=FAULTS)}
