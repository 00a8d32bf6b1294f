"""`vastedag`: the command line of DESIGN 9. Only the chosen command's rooms are imported."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from node.commands.cli_output import (
    INTERRUPTED,
    NO,
    WRONG_USE,
    AnswerNoError,
    Command,
    Output,
    UsageError,
)

DASHED_ID: Final = re.compile(r"-[A-Za-z0-9_-]{42}")  # one record id in 64

# name -> (module that holds it in its COMMANDS, one line of help)
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("node.commands.cli_demo", "a whole network on this machine, with pages"),
    "init": ("node.commands.cli_node", "create a node: keys, settings, databases"),
    "serve": ("node.commands.cli_serve", "run a node's web side"),
    "work": ("node.commands.cli_node", "run a node's sequencer, mirror or witness, and its ticker"),
    "submit": ("node.commands.cli_node", "submit one event, print its receipt"),
    "ingest": ("node.commands.cli_ingest", "read an agency's file: records, and every problem"),
    "calc": ("node.commands.cli_calc", "derive allowances for a household described in a file"),
    "plan": ("node.commands.cli_plan", "one pay date for the flows in a file"),
    "clockwork": ("node.commands.cli_clockwork", "the monthly calendar, steps done, orders due"),
    "answer": ("node.commands.cli_clockwork", "confirm or decline the plans sent to this member"),
    "contests": ("node.commands.cli_contests", "what is contested here, and the decision on it"),
    "paydays": ("node.commands.cli_plan", "a payer's own pay days in a year"),
    "keys": ("node.commands.cli_keys", "make a signing key in a file or a token, or show it"),
    "governance": (
        "node.commands.cli_governance",
        "prepare, sign and submit governance entries, on files",
    ),
    "verify": ("node.commands.cli_log", "verify a log, over HTTP or in a directory"),
    "export": ("node.commands.cli_log", "write the log as a static tree"),
    "evidence": ("node.commands.cli_check", "contradictions that this node has kept"),
    "fsck": ("node.commands.cli_check", "check this node's copy of the log, on its disk"),
    "backup": ("node.commands.cli_backup", "a consistent copy of a node's home"),
    "restore": ("node.commands.cli_backup", "a home out of a backup, checked whole first"),
    "replay": ("node.commands.cli_node", "rebuild all derived state, print its digest"),
    "nontakeup": ("node.commands.cli_nontakeup", "rights derived here that nobody receives"),
    "rules": ("node.commands.cli_rules", "dry run, release and recall of a regulation version"),
    "erase": ("node.commands.cli_erase", "the end of retention: keys destroyed on this node"),
    "history": ("node.commands.cli_history", "one record followed to decisions and claims"),
    "disclose": ("node.commands.cli_reperform", "write a decision with its inputs to a file"),
    "reperform": ("node.commands.cli_reperform", "compute a disclosed decision again, no node"),
    "specs-check": ("node.commands.cli_specs", "check every spec: unit, article, source"),
    "bench": ("node.commands.cli_bench", "measure, beside the machine's own limit"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code; never a traceback for what the world can break."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our stdout went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO


def _run(arguments: list[str]) -> int:
    name = next((word for word in arguments if not word.startswith("-")), None)
    command = _load(name) if name in COMMANDS else None
    parsed = parser(name, command).parse_args([_marked(word) for word in arguments])
    _unmark(parsed)
    output = Output(as_json=parsed.json)
    if command is None:
        raise AssertionError("argparse lets no unknown command pass")
    try:
        return command.run(parsed, output)
    except UsageError as error:
        output.message(f"vastedag {name}: {error}")
        return WRONG_USE
    except AnswerNoError as error:
        return _no(output, str(error), error.document)
    except command.faults as error:
        return _no(output, str(error), None)


def _marked(word: str) -> str:
    """An id that begins with a dash is no option: argparse takes what begins with a space."""
    return f" {word}" if DASHED_ID.fullmatch(word) else word


def _unmark(parsed: argparse.Namespace) -> None:
    for name, value in vars(parsed).items():
        if isinstance(value, str) and DASHED_ID.fullmatch(value[1:]):
            setattr(parsed, name, value[1:])


def _no(output: Output, message: str, document: dict[str, object] | None) -> int:
    output.message(message)
    if output.as_json:
        output.document({"error": message} if document is None else document)
    return NO


def _load(name: str) -> Command:
    command = importlib.import_module(COMMANDS[name][0]).COMMANDS[name]
    if not isinstance(command, Command):
        raise AssertionError(f"{name}: no Command")
    return command


def parser(chosen: str | None = None, command: Command | None = None) -> argparse.ArgumentParser:
    """The parser of all commands; only the chosen one has its own arguments."""
    root = argparse.ArgumentParser(
        prog="vastedag",
        description="Signed life events, allowances derived from them, one pay date.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong use. "
        "`vastedag COMMAND --help` tells more.",
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"vastedag {version('vastedag')}")
    root.add_argument("--json", action="store_true", help="one JSON document on stdout")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, help_text) in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=help_text,
            description=help_text[0].upper() + help_text[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        sub.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="one JSON document on stdout, messages on stderr",
        )
        if name == chosen and command is not None:
            command.arguments(sub)
    return root


if __name__ == "__main__":
    sys.exit(main())
