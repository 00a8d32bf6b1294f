"""`vastedag serve`: the public side of a node, in one process or in several on one port.

Several share nothing but the node's databases; the kernel deals connections out to them. When one
ends unasked, all end: whoever supervises the program (systemd) starts it whole again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import uvloop
from starlette.types import ASGIApp

from ledger.errors import LedgerError
from node.calendars_node import calendars_of
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError, StartError
from node.long_running import settle, until_stopped
from node.portal.app import create_app
from node.portal.http_server import Listener
from node.portal.log_app import create_log_app
from node.portal.pages import compile_templates
from node.portal.web import PublishedLog, surface_of
from node.runtime import Node
from node.setup.home import open_home
from specs.errors import SpecFileError

FAULTS: Final = (NodeError, LedgerError, SpecFileError)
PROCESSES_MAX: Final = 64

Tell = Callable[[str], None]


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N",
        help="web processes on the one port (default 1; one for each core that pages may use)",
    )  # fmt: skip
    parser.add_argument(
        "--log-only",
        action="store_true",
        help="only /log; several such processes may listen on one port",
    )
    parser.add_argument("--port", type=int, metavar="N", help="with --log-only: where it listens")


def _serve(arguments: argparse.Namespace, output: Output) -> int:
    """The public side, until a signal ends it."""
    if arguments.port is not None and not arguments.log_only:
        raise UsageError("--port: with --log-only; the pages listen where settings.toml says")
    count, directory = arguments.processes, home_directory(arguments)
    if not 1 <= count <= PROCESSES_MAX:
        raise UsageError(f"--processes: 1 to {PROCESSES_MAX}")
    if count == 1:
        uvloop.run(_serving(directory, arguments.log_only, arguments.port, False, output.message))
        return DONE
    if open_home(directory).settings.sign_in == "development" and not arguments.log_only:
        raise UsageError("--processes: the development provider keeps sign-ins in one process")
    _several(count, directory, arguments.log_only, arguments.port, output)
    return DONE


async def _serving(
    directory: Path, log_only: bool, port: int | None, shared: bool, tell: Tell
) -> None:
    node = Node.open(directory)
    try:
        await node.ledger.refresh()
        settings = node.home.settings
        if log_only:
            app = _log_app(node)
        else:
            app = create_app(surface_of(node, calendars=calendars_of(node)))
            compile_templates()
        pages = Listener(app, settings.host, port or settings.port, shared=shared or log_only)
        await pages.start()
        settle()
        tell(f"{node.member}: http://{settings.host}:{pages.port}")
        await until_stopped(pages.stop)
    finally:
        await node.close()


def _log_app(node: Node) -> ASGIApp:
    pages = node.ledger.pages
    if pages is None:
        raise StartError("this node is a witness: it keeps no copy of the log that it could show")
    return create_log_app(
        PublishedLog(node.ledger, pages, alone=True), node.gate().may_read_entries
    )


def _several(count: int, directory: Path, log_only: bool, port: int | None, output: Output) -> None:
    """Run them until a signal comes to this process; raises StartError when one ends unasked."""
    context = multiprocessing.get_context("spawn")
    stopped = _Stopped()
    children: list[BaseProcess] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe(duplex=False)
            child: BaseProcess = context.Process(
                target=_child, args=(directory, log_only, port, theirs)
            )
            child.start()
            theirs.close()
            children.append(child)
            output.message(_heard(ours))
        stopped.wait(children)
    finally:
        for each in children:
            each.terminate()
        for each in children:
            each.join()


class _Stopped:
    """SIGINT and SIGTERM of this process as something that can be waited for beside children."""

    def __init__(self) -> None:
        self._ours, self._theirs = multiprocessing.Pipe(duplex=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._theirs.send_bytes(b"stop"))

    def wait(self, children: Sequence[BaseProcess]) -> None:
        """Until a signal; raises StartError when a child is gone before."""
        gone = wait([self._ours, *(child.sentinel for child in children)])
        if self._ours not in gone:
            raise StartError("a web process ended unasked; all are stopped, start them again")


def _heard(ours: Connection) -> str:
    try:
        fault, text = ours.recv()
    except EOFError:
        raise StartError("a web process ended while it started; its reason is above") from None
    if fault:
        raise StartError(text)
    return str(text)


def _child(directory: Path, log_only: bool, port: int | None, told: Connection) -> None:
    """One of several: tells its address, or why it cannot start."""
    try:
        uvloop.run(_serving(directory, log_only, port, True, lambda text: told.send((False, text))))
    except FAULTS as error:
        told.send((True, str(error)))


COMMANDS: Final = {"serve": Command(arguments=_serve_arguments, run=_serve, faults=FAULTS)}
