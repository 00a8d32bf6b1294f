"""`vastedag backup` and `restore`: one home, whole, checked before it is used again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ledger.errors import LedgerError
from node.commands.cli_check import bar, check_ledger
from node.commands.cli_home import add_home, home_directory, home_of
from node.commands.cli_output import DONE, AnswerNoError, Command, Output, UsageError
from node.errors import NodeError
from node.setup.backup_sqlite import (
    make_backup,
    place_backup,
    read_backup,
    remove_settings,
)

_NEXT: Final = {
    "sequencer": "start it: it signs nothing before it has adopted what its mirrors cosigned",
    "mirror": "rotate its mirror key first: the old one may have cosigned more than is here",
    "witness": "rotate its witness key first: the old one may have cosigned more than is here",
}


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", type=Path, help="a directory to be made")
    parser.add_argument(
        "--without-keys", action="store_true", help="leave out the key files; keep those elsewhere"
    )
    add_home(parser)
    parser.epilog = "The node may go on running meanwhile."


def _backup(arguments: argparse.Namespace, output: Output) -> int:
    """Copy the home."""
    made = make_backup(home_of(arguments), arguments.directory, keys=not arguments.without_keys)
    output.answer(
        {"directory": str(arguments.directory), "member": made.member, "files": made.files}
    )
    output.text(f"{arguments.directory}: {made.member}, {len(made.files)} files")
    return DONE


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", type=Path, help="the backup")
    add_home(parser)
    parser.epilog = "HOME is a directory that is not there, or empty."


def _restore(arguments: argparse.Namespace, output: Output) -> int:
    """Check the backup, put it in place, and verify its log from the first entry."""
    if not arguments.directory.is_dir():
        raise UsageError(f"{arguments.directory}: no such directory; name a backup")
    backup = read_backup(arguments.directory)
    home = place_backup(arguments.directory, home_directory(arguments, new=True))
    try:
        with bar("entries checked") as progress:
            problems = check_ledger(home, progress)
    except BaseException:
        remove_settings(home)
        raise
    if problems:
        remove_settings(home)
        told = [f"{each.place}: {each.reason}" for each in problems]
        raise AnswerNoError(
            "not restored, the copy of the log is damaged:\n" + "\n".join(told),
            {"restored": False, "problems": told},
        )
    part = home.settings.part
    output.answer(
        {"restored": True, "member": backup.member, "made_at": backup.made_at, "next": _NEXT[part]}
    )
    output.text(f"{home.directory}: {backup.member} as of {backup.made_at}")
    output.text(f"  {part}: {_NEXT[part]}")
    if not (home.keys_directory).exists() or not any(home.keys_directory.iterdir()):
        output.text(f"  put its key files in {home.keys_directory}")
    return DONE


FAULTS: Final = (LedgerError, NodeError, OSError)
COMMANDS: Final = {
    "backup": Command(arguments=_backup_arguments, run=_backup, faults=FAULTS),
    "restore": Command(arguments=_restore_arguments, run=_restore, faults=FAULTS),
}
