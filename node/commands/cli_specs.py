"""`vastedag specs-check`: every data file of `specs/` read and compiled, with all problems."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from node.access import load_competence
from node.commands.cli_output import DONE, NO, Command, Output
from scheduler.documents.case_table import Cell, table
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.terms import load_terms
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.case_files import read_cases
from specs.check import check
from specs.errors import SpecFileError


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cases",
        action="store_true",
        help="compute every outside case and print the table scheme by year",
    )
    parser.epilog = (
        "Exit 1 when a file has a problem, or a case does not agree to the cent; "
        "every problem names file and line."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """Check the files, then compile the rules and read calendars and competence as a node does."""
    problems = check()
    cells: tuple[Cell, ...] = ()
    summary = ""
    if not problems:
        try:
            summary = _take_into_use()
            if arguments.cases:
                cells = table(read_cases(REGULATIONS), Rulebook.load())
        except SpecFileError as error:
            problems = [error]
    wrong = [each for cell in cells for each in cell.wrong]
    output.answer(
        {
            "ok": not problems and not wrong,
            "problems": [
                {"file": found.path, "line": found.line, "problem": found.message}
                for found in problems
            ],
            **({"cases": [asdict(cell) for cell in cells]} if cells else {}),
        }
    )
    for found in problems:
        output.text(str(found))
    if not problems:
        output.text(summary)
    for line in (*_lines(cells), *wrong):
        output.text(line)
    return NO if problems or wrong else DONE


def _lines(cells: tuple[Cell, ...]) -> Iterator[str]:
    """The table for people: scheme by year, then what is not followed and why."""
    if not cells:
        return
    years = sorted({cell.year for cell in cells})
    counts = {(cell.scheme, cell.year): cell for cell in cells}
    yield "outside cases, exact to the cent (and figures not followed):"
    yield f"{'scheme':<22}" + "".join(f"{year:>12}" for year in years)
    for scheme in sorted({cell.scheme for cell in cells}):
        row = (counts.get((scheme, year)) for year in years)
        shown = ("-" if cell is None else _count(cell) for cell in row)
        yield f"{scheme:<22}" + "".join(f"{each:>12}" for each in shown)
    yield f"in all {sum(cell.exact for cell in cells)} exact"
    for cell in cells:
        for reason in cell.not_followed:
            yield f"not followed: {cell.scheme} {cell.year}, {reason}"


def _count(cell: Cell) -> str:
    return f"{cell.exact}" + (f" ({len(cell.not_followed)})" if cell.not_followed else "")


def _take_into_use() -> str:
    """What only shows when the program compiles the files; raises SpecFileError."""
    book, calendars, competence = Rulebook.load(), load_pay_calendars(), load_competence()
    terms = load_terms()
    versions = sum(len(each) for each in book.versions.values())
    return (
        f"specs in order: {len(book.schemes)} schemes in {versions} versions, "
        f"{len(calendars.by_payer)} payer calendars, terms of {len(terms)} creditors, "
        f"{len(competence.rules)} record types; "
        f"rulebook {book.digest}"
    )


COMMANDS: Final = {"specs-check": Command(arguments=_arguments, run=_run)}
