"""Commands on a log: verify (any log, with its key), export (this node's)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ledger.errors import LedgerError, NoteError, PolicyError, VerifyError
from ledger.export import export
from ledger.formats.policy import Policy, parse_policy
from ledger.stores.store_sql import SqlStore
from ledger.verify import Report, TileSource, verify_log
from ledger.verifying.source_dir import DirectorySource
from ledger.verifying.source_http import HttpSource
from node.commands.cli_check import bar
from node.commands.cli_home import add_home, home_of, with_store
from node.commands.cli_output import DONE, AnswerNoError, Command, Output, UsageError, read_bytes
from node.errors import NodeError

TOKEN_VARIABLE: Final = "VASTEDAG_TOKEN"  # noqa: S105 (the name of a variable)
VOIDS_SHOWN_MAX: Final = 10


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="the log's URL, or a directory of tiles")
    parser.add_argument("--vkey", metavar="K", required=True, help="the log's verifier key")
    parser.add_argument(
        "--since", metavar="OLD", help="a checkpoint kept earlier, as a file: nothing was rewritten"
    )
    parser.add_argument(
        "--policy", metavar="F", help="a tlog-policy file: demand its quorum of cosignatures"
    )
    parser.add_argument(
        "--token",
        metavar="T",
        default=os.environ.get(TOKEN_VARIABLE),
        help=f"auditor's or member's token for entry bundles (default ${TOKEN_VARIABLE})",
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="hash tiles only, of a log whose entry bundles you may not read",
    )
    parser.epilog = "Exit 0 and a report, or 1 with the index and the reason."


def _verify(arguments: argparse.Namespace, output: Output) -> int:
    """Verify everything; the first thing that does not hold ends it."""
    policy = None if arguments.policy is None else _policy(arguments.policy)
    since = None if arguments.since is None else read_bytes(arguments.since)
    try:
        with _source(arguments) as source, bar("entries verified") as progress:
            report = verify_log(
                source, arguments.vkey, policy, since, progress, entries=not arguments.public
            )
    except NoteError as error:
        raise UsageError(f"--vkey: {error}") from error
    except VerifyError as error:
        raise AnswerNoError(
            f"not verified: {error}",
            {
                "verified": False,
                "place": error.place,
                "index": error.index,
                "reason": error.reason,
            },
        ) from error
    output.answer({"verified": True, **report.as_json()})
    for line in _report_lines(report):
        output.text(line)
    return DONE


@contextmanager
def _source(arguments: argparse.Namespace) -> Iterator[TileSource]:
    if arguments.source.startswith(("http://", "https://")):
        source = HttpSource(arguments.source, token=arguments.token)
        try:
            yield source
        finally:
            source.close()
        return
    directory = Path(arguments.source)
    if not directory.is_dir():
        raise UsageError(f"{directory}: no such directory; name one with `checkpoint` and `tile/`")
    yield DirectorySource(directory)


def _policy(name: str) -> Policy:
    try:
        return parse_policy(read_bytes(name))
    except PolicyError as error:
        raise UsageError(f"--policy: {name}: {error}") from error


def _report_lines(report: Report) -> list[str]:
    what = f"{report.entries} entries" if report.entries else "hash tiles only"
    lines = [
        f"verified: {report.origin}, size {report.size}, root {report.root.hex()}",
        (
            f"  {what}, {report.tiles} tiles, {report.members} members, "
            f"{report.governance} governance entries, {report.void_count} void"
        ),
        f"  cosigned by {', '.join(report.cosigners) or 'nobody'}",
    ]
    if report.quorum is not None:
        lines.append(f"  quorum: {'yes' if report.quorum else 'no'}")
    if report.since is not None:
        lines.append(f"  the older checkpoint of size {report.since} is a beginning of this log")
    lines += [f"  damaged cosignature: {name}" for name in report.damaged_cosignatures]
    lines += [f"  void: entry {v.n}: {v.reason}" for v in report.voids[:VOIDS_SHOWN_MAX]]
    return lines


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", type=Path, help="where the tree is written")
    parser.add_argument("--public", action="store_true", help="leave out the entry bundles")
    add_home(parser)


def _export(arguments: argparse.Namespace, output: Output) -> int:
    """Write the published log of this node; again brings it up to date."""
    home = home_of(arguments)

    async def write(store: SqlStore) -> dict[str, Any]:
        done = await export(store, arguments.directory, public=arguments.public)
        return {
            "directory": str(arguments.directory),
            "size": done.size,
            "tiles": done.tiles,
            "bundles": done.bundles,
        }

    answer = with_store(home, write)
    output.answer(answer)
    output.text(
        f"{answer['directory']}: {answer['size']} entries, {answer['tiles']} hash tiles, "
        f"{answer['bundles']} entry bundles"
    )
    return DONE


COMMANDS: Final = {
    "verify": Command(arguments=_verify_arguments, run=_verify, faults=(LedgerError,)),
    "export": Command(
        arguments=_export_arguments, run=_export, faults=(LedgerError, NodeError, OSError)
    ),
}
