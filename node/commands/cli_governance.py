"""`vastedag governance`: prepare, sign and submit what changes the rules of a log, on files.

Only `state` needs a node's home and `submit` a network; all else works on a machine that has
neither, where the governance keys are. The checks are those of the log (ledger/rules/offline.py).
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from ledger.errors import LedgerError
from ledger.formats import canonical
from ledger.formats.proof import parse_receipt
from ledger.rules import governance, offline
from ledger.stores.store_sql import SqlStore
from node.commands.cli_home import add_home, home_of, with_store
from node.commands.cli_keys import add_key, key_of
from node.commands.cli_output import DONE, AnswerNoError, Command, Output, UsageError, read_bytes
from node.errors import NodeError, UnavailableError
from node.setup.home import write_whole

SUBMIT_SECONDS_MAX: Final = 60.0
GOVERNANCE: Final = "governance"

_EPILOG: Final = """\
state    --home HOME --out STATE         the log's governance so far, to carry to where keys are
prepare  KIND FIELD=VALUE… --state STATE --out BODY
show     BODY --state STATE              what it says, who signed, whether that is enough
sign     BODY --state STATE --member M --key KEY --out SIGNATURE
combine  BODY SIGNATURE… --state STATE --member M --key KEY --out RECORD
submit   RECORD --home HOME | --url LOG

KIND and its fields (VALUE is JSON or a text; @FILE reads it from a file, as JSON or as text):
admit member · suspend member suspended · merge members into · rotate member use key ·
revoke member key compromised_since · reaffirm member entries · policy matrix seen_lag_max ·
quorum mirrors quorum votes_needed · move log_vkey · publish artefact sha256 ·
genesis origin log_vkey members matrix mirrors quorum votes_needed seen_lag_max ·
successor predecessor (the break-glass: a new log that goes on from a checkpoint; members and rules
as in STATE but for the fields given; keys by member as `vastedag init --json` printed them)
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", metavar="STEP", choices=tuple(_STEPS), help=", ".join(_STEPS))
    parser.add_argument("items", metavar="ITEM", nargs="*", help="as below")
    parser.add_argument("--state", metavar="FILE", help="the governance so far, from `state`")
    parser.add_argument("--member", metavar="M", help="the member that signs")
    add_key(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the result is written")
    parser.add_argument("--url", metavar="LOG", help="the log's address, for submit")
    add_home(parser)
    parser.epilog = _EPILOG


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """One step."""
    return _STEPS[arguments.step](arguments, output)


def _state(arguments: argparse.Namespace, output: Output) -> int:
    home = home_of(arguments)

    async def read(store: SqlStore) -> bytes:
        published = await store.published()
        stored = await store.load()
        size = stored.size if published is None else published.size
        rows = [row for row in await store.governance() if row.n < size]
        return offline.encode_state(rows, size)

    content = with_store(home, read)
    state = offline.read_state(content)
    write_whole(_out(arguments), content)
    registry = state.registry
    output.answer({"log": registry.log, "size": state.size, "governance": registry.seq})
    output.text(f"log {registry.log}")
    output.text(f"  {state.size} entries, governance entry {registry.seq}, {registry.origin}")
    return DONE


def _prepare(arguments: argparse.Namespace, output: Output) -> int:
    if not arguments.items or arguments.items[0] not in offline.KINDS:
        raise UsageError(f"prepare: a kind first, one of {', '.join(offline.KINDS)}")
    kind, *pairs = arguments.items
    fields = dict(_field(pair) for pair in pairs)
    body = offline.prepare(kind, _state_of(arguments), fields)
    write_whole(_out(arguments), canonical.encode(body))
    return _told(body, arguments, output)


def _show(arguments: argparse.Namespace, output: Output) -> int:
    (name,) = _items(arguments, "show", "one body", 1, 1)
    return _told(_object(name), arguments, output)


def _sign(arguments: argparse.Namespace, output: Output) -> int:
    (name,) = _items(arguments, "sign", "one body", 1, 1)
    body, state, member = _object(name), _state_of(arguments), _member(arguments)
    for line in offline.describe(body, state):
        output.message(line)  # what is about to be signed, before it is
    signature = governance.sign_body(body, member, key_of(arguments, GOVERNANCE))
    write_whole(_out(arguments), canonical.encode(signature))
    output.answer(signature)
    output.text(f"signed by {member}")
    return DONE


def _combine(arguments: argparse.Namespace, output: Output) -> int:
    name, *others = _items(arguments, "combine", "a body and its signatures", 1, None)
    state, member = _state_of(arguments), _member(arguments)
    body = offline.combine(_object(name), [_object(other) for other in others])
    record = offline.record(
        body,
        state,
        author=member,
        signer=key_of(arguments, GOVERNANCE),
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:00:00Z"),
    )
    write_whole(_out(arguments), record)
    return _told(body, arguments, output)


def _submit(arguments: argparse.Namespace, output: Output) -> int:
    (name,) = _items(arguments, "submit", "one record", 1, 1)
    url = arguments.url or str(home_of(arguments).settings.log_url)
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/submit", content=read_bytes(name), timeout=SUBMIT_SECONDS_MAX
        )
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"{url}: {type(error).__name__}; what became of it is unknown, submit it again"
        ) from None
    if answer.status_code != httpx.codes.OK:
        problem = _problem(answer)
        told = f"refused: {problem.get('code')}: {problem.get('detail')}"
        raise AnswerNoError(told, problem)
    index = parse_receipt(answer.content).index
    output.answer({"index": index, "receipt": answer.text})
    output.text(f"entry {index}")
    output.text(answer.text)
    return DONE


def _told(body: dict[str, Any], arguments: argparse.Namespace, output: Output) -> int:
    """Say what a body is; with --json the body itself, and whether it may be submitted."""
    state = _state_of(arguments)
    try:
        offline.check(body, state)
        problem = None
    except LedgerError as error:
        problem = str(error)
    output.answer({"body": body, "ready": problem is None, "problem": problem})
    for line in offline.describe(body, state):
        output.text(line)
    return DONE


def _state_of(arguments: argparse.Namespace) -> offline.State | None:
    return None if arguments.state is None else offline.read_state(read_bytes(arguments.state))


def _object(name: str) -> dict[str, Any]:
    value = canonical.decode(read_bytes(name))
    if not isinstance(value, dict):
        raise AnswerNoError(f"{name}: no JSON object; take what the step before wrote")
    return value


def _field(pair: str) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise UsageError(f"{pair[:40]!r}: write FIELD=VALUE")
    if text.startswith("@"):
        content = read_bytes(text.removeprefix("@"))
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"{text}: not UTF-8; save it as UTF-8") from error
    try:
        return name, canonical.decode(text.encode())
    except LedgerError:
        return name, text


def _items(
    arguments: argparse.Namespace, step: str, what: str, least: int, most: int | None
) -> list[str]:
    items: list[str] = arguments.items
    if len(items) < least or (most is not None and len(items) > most):
        raise UsageError(f"{step}: {what}; see `vastedag governance --help`")
    return items


def _member(arguments: argparse.Namespace) -> str:
    if arguments.member is None:
        raise UsageError("--member: name the member that signs")
    return str(arguments.member)


def _out(arguments: argparse.Namespace) -> Path:
    if arguments.out is None:
        raise UsageError("--out: name the file to write")
    return Path(arguments.out)


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = json.loads(answer.content)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        raise UnavailableError(f"the log answered {answer.status_code}; submit it again later")
    return problem


_STEPS: Final = {
    "state": _state,
    "prepare": _prepare,
    "show": _show,
    "sign": _sign,
    "combine": _combine,
    "submit": _submit,
}

COMMANDS: Final = {
    "governance": Command(arguments=_arguments, run=_run, faults=(LedgerError, NodeError, OSError)),
}
