"""`--home DIR`: the node a command acts on."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from ledger.stores.database_sql import Database
from ledger.stores.store_sql import SqlStore
from node.commands.cli_output import UsageError
from node.errors import StartError
from node.setup.home import Home, open_home
from node.setup.settings import SETTINGS_FILE

T = TypeVar("T")

HOME_VARIABLE: Final = "VASTEDAG_HOME"


def add_home(parser: argparse.ArgumentParser) -> None:
    """The option, with the environment as its default."""
    parser.add_argument(
        "--home",
        metavar="DIR",
        type=Path,
        default=os.environ.get(HOME_VARIABLE),
        help=f"the node's home (default ${HOME_VARIABLE})",
    )


def home_directory(arguments: argparse.Namespace, *, new: bool = False) -> Path:
    """The home named; raises UsageError when none is, or (unless `new`) no node is there."""
    if arguments.home is None:
        raise UsageError(f"--home: name the node's home, or set ${HOME_VARIABLE}")
    directory = Path(arguments.home)
    if not new and not (directory / SETTINGS_FILE).is_file():
        raise UsageError(f"{directory}: no node here; create it once with `vastedag init`")
    return directory


def home_of(arguments: argparse.Namespace) -> Home:
    """The home named, opened; raises UsageError with what is wrong with it."""
    try:
        return open_home(home_directory(arguments))
    except StartError as error:
        raise UsageError(str(error)) from error


def with_store(home: Home, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """What `work` does with this node's copy of the log; call it outside an event loop."""

    async def run() -> T:
        database = Database(home.ledger_url)
        try:
            return await work(SqlStore(database))
        finally:
            await database.close()

    return asyncio.run(run())
