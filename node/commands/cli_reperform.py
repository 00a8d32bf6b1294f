"""`vastedag disclose` and `reperform`: a decision as a file, the same cents from it anywhere."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ledger.errors import LedgerError
from node.answering import rulebook
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, NO, Command, Output, UsageError, read_bytes, read_json
from node.disclosing import disclosed
from node.errors import NodeError
from node.households import Circles
from node.reperforming import by_its_rules
from node.runtime import Node
from scheduler.errors import RuleError, SchedulerError
from scheduler.rulebook import Rulebook
from specs.errors import SpecFileError


def _disclose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", metavar="RECORD", help="id of a decision on an allowance")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write it there (default: stdout)")
    add_home(parser)
    parser.epilog = (
        "The file holds ids of records, inputs and cents, no names or numbers of persons.\n"
        "Anyone computes it again by `vastedag reperform FILE`."
    )


def _disclose(arguments: argparse.Namespace, output: Output) -> int:
    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            return await asyncio.to_thread(_file, node, str(arguments.record))
        finally:
            await node.close()

    document = asyncio.run(run())
    if arguments.out is None:
        output.document(document)
        return DONE
    try:
        arguments.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {arguments.out}: {error.strerror}; name another file") from error
    output.answer({"file": str(arguments.out), "digest": document["digest"]})
    output.text(f"{arguments.out}: {document['scheme']} {document['year']}")
    return DONE


def _file(node: Node, record: str) -> dict[str, Any]:
    author = node.member if node.role == "toeslagen" else None
    found = next(
        (
            fact
            for member in ([author] if author else sorted(node.view.registry.members))
            if (fact := node.facts.fact(member, record)) is not None
        ),
        None,
    )
    known = None if found is None else found.known
    return disclosed(Circles(node.facts), found, node.rules.rulebook(node.facts, known))


def _reperform_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a disclosed decision; `-` reads stdin")
    parser.add_argument(
        "--specs",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="regulations of another release, or a directory of such; may be given again",
    )
    parser.epilog = (
        "The shipped regulations are tried first, then those of every --specs: the ones whose\n"
        "digest the decision names count. Exit 0 when every cent agrees, 1 when one does not."
    )


def _reperform(arguments: argparse.Namespace, output: Output) -> int:
    """Compute it again from the specs alone; no node is asked."""
    document = read_json(arguments.file)
    try:
        rules, found = by_its_rules(document, _rulebooks(arguments.specs))
    except RuleError as error:
        return _no(arguments.file, f"{error}; name their directory by --specs", output)
    except SchedulerError as error:
        return _no(arguments.file, str(error), output)
    text = "" if arguments.file == "-" else read_bytes(arguments.file).decode("utf-8")
    differences = [_placed(one, text) for one in found.differences]
    output.answer(
        {
            "agrees": found.agrees, "scheme": found.derivation.scheme,
            "year": found.derivation.year, "rules": str(rules),
            "rule_digest": found.derivation.rule_digest, "differences": differences,
        }
    )  # fmt: skip
    for line in differences:
        output.text(line)
    whole = "every cent agrees" if found.agrees else "it does not agree"
    output.text(f"{found.derivation.scheme} {found.derivation.year}: {whole} ({rules})")
    return DONE if found.agrees else NO


def _no(file: str, reason: str, output: Output) -> int:
    output.message(f"{file}: {reason}")
    output.answer({"agrees": False, "differences": [reason]})
    return NO


def _rulebooks(directories: Sequence[Path]) -> Iterator[tuple[str, Rulebook]]:
    yield "shipped rules", rulebook()
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"--specs: {directory}: no directory; name one of regulations")
        places = [directory, *sorted(path for path in directory.iterdir() if path.is_dir())]
        for place in places:
            if any(place.glob("*/*.yaml")):
                yield str(place), Rulebook.load(place)


def _placed(difference: str, text: str) -> str:
    """With the line of the file that it is about, where the file tells months by line."""
    key = difference.partition(":")[0]
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith(f'"{key}":'):
            return f"line {number}: {difference}"
    return difference


FAULTS: Final = (NodeError, LedgerError, SpecFileError)
COMMANDS: Final = {
    "disclose": Command(arguments=_disclose_arguments, run=_disclose, faults=FAULTS),
    "reperform": Command(arguments=_reperform_arguments, run=_reperform, faults=FAULTS),
}
