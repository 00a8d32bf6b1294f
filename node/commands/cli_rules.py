"""`vastedag rules`: dry run, approval by two persons, release and recall of regulation versions."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from ledger.errors import LedgerError
from ledger.rules.registry import Registry
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_keys import add_key, key_of
from node.commands.cli_output import (
    DONE,
    AnswerNoError,
    Command,
    Output,
    UsageError,
    read_bytes,
    read_json,
)
from node.dry_run import dry_run
from node.errors import NodeError, RefusedError
from node.flow import record
from node.households import Circles
from node.ledger_view import role_of
from node.rules import RulesError, approve, compile_text, statement
from node.runtime import Node, system_today
from specs.canonical import digest_of
from specs.errors import SpecFileError, ValueFaultError
from specs.records import ENROLLED, RULES_RELEASED, RecordDraft, RulesRelease
from specs.records_law import RuleVersion
from specs.regulation_files import read_regulation
from specs.values import parse_date

_EPILOG: Final = """\
list                                     the versions in force, since which entry, by whom
dry-run FILE|RULE --reason R --out NOTE  whom it changes and by how much, per scheme and month;
                                         RULE (zorgtoeslag/2026-01-01) with --recall: of a recall
sign    NOTE --log LOG --member M --key KEY --out SIGNATURE   one person approves; no node needed
release NOTE SIGNATURE SIGNATURE         two persons approved it: recorded, in force from its entry
recall  NOTE SIGNATURE SIGNATURE         the same for a recall: the version before it counts again

Keys are governance keys that the ledger holds; one of the two is of Toeslagen. Every household is
derived again after a release or a recall, and what differs becomes a decision.
"""
_T = TypeVar("_T")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", metavar="STEP", choices=tuple(_STEPS), help=", ".join(_STEPS))
    parser.add_argument("items", metavar="ITEM", nargs="*", help="as below")
    parser.add_argument("--reason", metavar="R", help="why, for the record")
    parser.add_argument("--recall", action="store_true", help="of a recall")
    parser.add_argument("--today", metavar="DATE", help="the day to reckon with (default: today)")
    parser.add_argument("--log", metavar="LOG", help="the log's id, as `rules list` tells it")
    parser.add_argument("--member", metavar="M", help="the member of the person who signs")
    add_key(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the result is written")
    add_home(parser)
    parser.epilog = _EPILOG


def _run(arguments: argparse.Namespace, output: Output) -> int:
    return _STEPS[arguments.step](arguments, output)


def _list(arguments: argparse.Namespace, output: Output) -> int:
    _items(arguments, 0, "rules list takes no more")

    async def work(node: Node) -> dict[str, Any]:
        return {
            "log": node.view.registry.log,
            "rules": await asyncio.to_thread(node.rules.listed, node.facts),
        }

    answer = _on_node(arguments, work)
    output.answer(answer)
    output.text(f"log {answer['log']}")
    for one in answer["rules"]:
        since = "recalled" if one["digest"] is None else f"from entry {one['from_index']}"
        output.text(f"  {one['rule']:<34} {str(one['digest'])[:16]:<17} {since}")
    return DONE


def _dry_run(arguments: argparse.Namespace, output: Output) -> int:
    """The account of a release or recall, and the note that two persons sign."""
    (item,) = _items(arguments, 1, "name one regulation file, or with --recall one rule")
    if not arguments.reason:
        raise UsageError("--reason: say why; it stands in the record")
    today = system_today() if arguments.today is None else _day(arguments.today)

    async def work(node: Node) -> dict[str, Any]:
        version = _recalled(node, item) if arguments.recall else _from_file(item)
        return await asyncio.to_thread(_account, node, version, arguments, today)

    answer = _on_node(arguments, work)
    if arguments.out is not None:
        _write(arguments.out, answer["note"])
    output.answer(answer)
    effect = answer["effect"]
    output.text(f"{effect['changed']} of {effect['households']} households change")
    for one in effect["months"]:
        output.text(
            f"  {one['scheme']} {one['month']}: {one['up']} up, {one['down']} down, "
            f"{one['no_longer_known']} no longer known, {one['cents']} cents"
        )
    return DONE


def _account(
    node: Node, version: RuleVersion, arguments: argparse.Namespace, today: date
) -> dict[str, Any]:
    effect = dry_run(
        Circles(node.facts),
        node.facts.of_type(ENROLLED),
        now=node.rules.rulebook(node.facts),
        then=node.rules.with_version(node.facts, version, recalled=arguments.recall),
        schemes=[version.rule.partition("/")[0]],
        today=today,
    ).as_json()
    note = {
        "versions": [version.model_dump(mode="json")],
        "recalled": arguments.recall,
        "dry_run": effect["digest"],
        "reason": arguments.reason,
    }
    return {"log": node.view.registry.log, "effect": effect, "note": note}


def _from_file(name: str) -> RuleVersion:
    text = read_bytes(name)
    file = read_regulation(text, name)
    version = RuleVersion(rule=file.rule, digest=file.digest, text=text.decode("utf-8"))
    compile_text(version)
    return version


def _recalled(node: Node, rule: str) -> RuleVersion:
    listed = {one["rule"]: one["digest"] for one in node.rules.listed(node.facts)}
    if listed.get(rule) is None:
        raise UsageError(f"{rule}: no rule in force has this name; see `vastedag rules list`")
    return RuleVersion(rule=rule, digest=listed[rule])


def _sign(arguments: argparse.Namespace, output: Output) -> int:
    """One person approves what the note says; the key's place is all that is needed."""
    (name,) = _items(arguments, 1, "name the note of the dry run")
    if not arguments.member or not arguments.log:
        raise UsageError("--member and --log: name who signs, and for which log")
    note = _note(name)
    message = statement(
        arguments.log, _versions(note), recalled=note["recalled"], dry_run=note["dry_run"],
        reason=note["reason"],
    )  # fmt: skip
    approval = approve(message, arguments.member, key_of(arguments, "governance"))
    document = approval.model_dump(mode="json")
    if arguments.out is not None:
        _write(arguments.out, document)
    output.answer(document)
    output.text(f"{arguments.member} approved {', '.join(one.rule for one in _versions(note))}")
    return DONE


def _release(arguments: argparse.Namespace, output: Output) -> int:
    """Record a release or a recall that two persons approved."""
    name, *signatures = _items(arguments, 3, "name the note and two signatures")
    note = _note(name)
    if note["recalled"] != (arguments.step == "recall"):
        kind = "a recall" if note["recalled"] else "a release"
        raise UsageError(f"{name}: is the note of {kind}; use that command")
    try:
        data = RulesRelease.model_validate(
            {**note, "approvals": [read_json(each) for each in signatures]}
        )
    except ValidationError as error:
        raise AnswerNoError(f"refused: {error.errors()[0]['msg']}") from error

    async def work(node: Node) -> dict[str, Any]:
        _check_role(node.view.registry, node.member)
        node.rules.check(data, node.member)
        draft = RecordDraft(
            type=RULES_RELEASED,
            source_event_id=f"rules/{digest_of(data.model_dump(mode='json'))}",
            data=data,
            valid_from=node.desk.today(),
            where="rules",
        )
        await node.ledger.refresh()
        recorded = await record(node.desk, draft)
        return {
            "record": recorded.record, "index": recorded.index, "recalled": data.recalled,
            "rules": [one.rule for one in data.versions],
            "approved_by": [one.member for one in data.approvals],
        }  # fmt: skip

    answer = _on_node(arguments, work)
    output.answer(answer)
    output.text(f"{', '.join(answer['rules'])}: {arguments.step} is entry {answer['index']}")
    return DONE


def _check_role(registry: Registry, member: str) -> None:
    if role_of(registry, member) != "toeslagen":
        raise RulesError(f"{member}: only Toeslagen releases these rules; use its node")


def _note(name: str) -> dict[str, Any]:
    note = read_json(name)
    if not isinstance(note, dict) or note.keys() != {"versions", "recalled", "dry_run", "reason"}:
        raise UsageError(f"{name}: no note of a dry run; make one by `vastedag rules dry-run`")
    return note


def _versions(note: dict[str, Any]) -> list[RuleVersion]:
    try:
        return [RuleVersion.model_validate(one) for one in note["versions"]]
    except (ValidationError, TypeError) as error:
        raise UsageError("the note's versions cannot be read; make it again") from error


def _items(arguments: argparse.Namespace, count: int, what: str) -> list[str]:
    if len(arguments.items) != count:
        raise UsageError(f"{arguments.step}: {what}; see `vastedag rules --help`")
    return list(arguments.items)


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {path}: {error.strerror}; name another file") from error


def _on_node(arguments: argparse.Namespace, work: Callable[[Node], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        node = Node.open(home_directory(arguments))
        try:
            return await work(node)
        finally:
            await node.close()

    return asyncio.run(run())


def _day(text: str) -> date:
    try:
        return parse_date(text)
    except ValueFaultError as error:
        raise UsageError(f"--today: {error}") from error


_STEPS: Final[dict[str, Callable[[argparse.Namespace, Output], int]]] = {
    "list": _list,
    "dry-run": _dry_run,
    "sign": _sign,
    "release": _release,
    "recall": _release,
}
COMMANDS: Final = {
    "rules": Command(
        arguments=_arguments, run=_run,
        faults=(NodeError, LedgerError, RefusedError, SpecFileError),
    ),
}  # fmt: skip
