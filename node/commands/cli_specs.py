"""`vastedag specs-check`: every data file of `specs/` read and compiled, with all problems."""

from __future__ import annotations

import argparse
from typing import Final

from node.access import load_competence
from node.commands.cli_output import DONE, NO, Command, Output
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.terms import load_terms
from scheduler.rulebook import Rulebook
from specs.check import check
from specs.errors import SpecFileError


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit 1 when a file has a problem; every problem names file and line."


def _run(_arguments: argparse.Namespace, output: Output) -> int:
    """Check the files, then compile the rules and read calendars and competence as a node does."""
    problems = check()
    summary = ""
    if not problems:
        try:
            summary = _take_into_use()
        except SpecFileError as error:
            problems = [error]
    output.answer(
        {
            "ok": not problems,
            "problems": [
                {"file": found.path, "line": found.line, "problem": found.message}
                for found in problems
            ],
        }
    )
    for found in problems:
        output.text(str(found))
    if not problems:
        output.text(summary)
    return NO if problems else DONE


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
