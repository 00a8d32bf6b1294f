"""`vastedag calc` and `specs-check`: commands on documents and rules, without a node."""

from __future__ import annotations

import argparse
from functools import cache
from typing import Final

from node.commands.cli_output import DONE, NO, Command, Output, read_json
from scheduler.documents.calc_document import calc, requirements
from scheduler.rulebook import Rulebook
from specs.errors import SpecFileError

_rulebook: Final = cache(Rulebook.load)


def _calc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a JSON document, or a list of them; `-` reads standard input"
    )
    lines = ["Keys each scheme needs (omitted = unknown, null or empty = none):"]
    for scheme, keys in requirements(_rulebook()).items():
        lines.append(f"  {scheme}")
        lines += [f"    {key}: {says.en}" for key, says in keys]
    parser.epilog = "\n".join([*lines, "", "Exit 0 when every document was answered."])


def _calc(arguments: argparse.Namespace, output: Output) -> int:
    """Answer every document; a refused one is answered by its problems, and exits 1."""
    answer, answered = calc(read_json(arguments.file), _rulebook())
    output.document(answer)
    if not answered:
        output.message("vastedag calc: a document was refused; its problems stand in the answer")
    return DONE if answered else NO


COMMANDS: Final = {
    "calc": Command(arguments=_calc_arguments, run=_calc, faults=(SpecFileError,)),
}
