"""Commands that act on a node's home: init, work, submit, replay. `serve` is cli_serve.py."""

from __future__ import annotations

import argparse
import asyncio
import tomllib
from datetime import date
from typing import Any, Final

from ledger.errors import BusyError, LedgerError
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, AnswerNoError, Command, Output, UsageError, read_bytes
from node.errors import NodeError, RefusedError
from node.flow import record
from node.intake import SUBMISSION_TYPE, read_submission
from node.long_running import settle, until_stopped
from node.replay import replay
from node.runtime import Node, system_today
from node.setup.founding import found, public_keys
from node.worker import Worker
from specs.errors import SpecFileError, ValueFaultError
from specs.event import EventFaultError, parse_submitted
from specs.values import parse_date

FAULTS: Final = (NodeError, LedgerError, SpecFileError)


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    parser.add_argument(
        "--settings", metavar="FILE", help="a settings.toml; needed to make a new home"
    )
    parser.add_argument(
        "--genesis", metavar="FILE", help="entry 0 of the log, as another member handed it over"
    )
    parser.epilog = (
        "First without --genesis: makes keys and prints their public halves, for the genesis.\n"
        "Then with it: checks that it names this node's keys, and takes it as the trust root;\n"
        "a sequencer's log begins with it."
    )


def _init(arguments: argparse.Namespace, output: Output) -> int:
    directory = home_directory(arguments, new=True)
    values = None if arguments.settings is None else _toml(arguments.settings)
    genesis = None if arguments.genesis is None else read_bytes(arguments.genesis)
    home, log = found(directory, values, genesis)
    answer = {
        "home": str(home.directory.resolve()),
        "member": home.settings.member,
        "part": home.settings.part,
        "log": log,
        "keys": public_keys(home),
    }
    output.answer(answer)
    output.text(f"{answer['home']}: node of {home.settings.member}, {home.settings.part}")
    for use, text in public_keys(home).items():
        output.text(f"  {use:<8}{text}")
    output.text(f"  log     {log or 'none yet: run init again with --genesis'}")
    return DONE


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bytes(name).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--settings: {name}: no TOML ({error}); correct it") from error


def _work(arguments: argparse.Namespace, output: Output) -> int:
    """The working side, until a signal ends it."""

    async def run() -> None:
        node = Node.open(home_directory(arguments))
        try:
            worker = Worker(node)
            await worker.start()
            settings = node.home.settings
            output.message(
                f"{node.member}: {settings.part}, listening on "
                f"{settings.log_host}:{settings.log_port}"
            )
            settle()
            await until_stopped(worker.stop)
        finally:
            await node.close()

    asyncio.run(run())
    return DONE


def _submit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a CloudEvent, or one signed for this node; `-` reads stdin"
    )
    add_home(parser)


def _submit(arguments: argparse.Namespace, output: Output) -> int:
    """Record one event; a refusal is told as its problem document."""
    content = read_bytes(arguments.file)

    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            await node.ledger.refresh()
            if SUBMISSION_TYPE.encode() in content:
                draft = read_submission(content, node.member, node.view)
            else:
                draft = parse_submitted(content)
            recorded = await record(node.desk, draft)
        finally:
            await node.close()
        return {
            "record": recorded.record,
            "index": recorded.index,
            "repeated": recorded.repeated,
            "receipt": recorded.receipt.decode(),
        }

    try:
        answer = asyncio.run(run())
    except RefusedError as error:
        raise AnswerNoError(f"refused: {error}", error.problem.as_json()) from error
    except EventFaultError as error:
        problems = [problem.as_json() for problem in error.problems]
        raise AnswerNoError(
            f"refused: {error.code}: {error}", {"code": error.code, "problems": problems}
        ) from error
    except BusyError as error:
        raise AnswerNoError(f"{error}; it is stored, and `vastedag work` sends it") from error
    output.answer(answer)
    output.text(f"record {answer['record']} is entry {answer['index']}")
    output.text(answer["receipt"])
    return DONE


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    parser.add_argument(
        "--today", metavar="DATE", help="the day to reckon with, like 2026-03-10 (default: today)"
    )


def _replay(arguments: argparse.Namespace, output: Output) -> int:
    """Fold every fact again and print the digest of what follows from it."""

    today = system_today() if arguments.today is None else _day(arguments.today)

    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments), today=lambda: today)
        try:
            return await asyncio.to_thread(replay, node)
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.answer(answer)
    output.text(
        f"{answer['member']}: {answer['facts']} facts, {answer['applicants']} applicants, "
        f"{answer['households']} households, {answer['due']} answers due"
    )
    output.text(f"digest {answer['digest']}")
    return DONE


def _day(text: str) -> date:
    try:
        return parse_date(text)
    except ValueFaultError as error:
        raise UsageError(f"--today: {error}") from error


COMMANDS: Final = {
    "init": Command(arguments=_init_arguments, run=_init, faults=FAULTS),
    "work": Command(arguments=add_home, run=_work, faults=FAULTS),
    "submit": Command(arguments=_submit_arguments, run=_submit, faults=FAULTS),
    "replay": Command(arguments=_replay_arguments, run=_replay, faults=FAULTS),
}
