"""`vastedag demo`: its arguments, and its summary for people."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from adapters.errors import ManifestError
from ledger.errors import LedgerError
from node.commands.cli_output import DONE, INTERRUPTED, Command, Output, UsageError
from node.demonstration.demo import DEFAULT_PORT, DemoRequest, InterruptedDemoError, run_demo
from node.demonstration.demo_load import DataError
from node.demonstration.demo_progress import Progress
from node.demonstration.demo_summary import Summary
from node.errors import NodeError
from node.portal.formatting import amount
from specs.errors import SpecFileError

PROBLEMS_SHOWN_MAX: Final = 20
MONTHS_SHOWN: Final = 3


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="print the summary and exit")
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="agency files to load instead of the sample set"
    )
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="keep the members' homes here, and go on with them",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=int,
        default=DEFAULT_PORT,
        help=f"port of the household pages (default {DEFAULT_PORT})",
    )
    parser.epilog = (
        "The whole network runs on this machine: keys are made for it, nothing leaves it.\n"
        "Files that a set names by `realdata:` are looked for under $VASTEDAG_REALDATA."
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """Run the demo. Exit 0 when it loaded and was stopped, 130 when stopped while loading."""
    if not 1 <= arguments.port <= 65_535:
        raise UsageError("--port: 1 to 65535")
    request = DemoRequest(
        once=arguments.once, data=arguments.data, state=arguments.state, port=arguments.port
    )

    def show(summary: Summary) -> None:
        if output.as_json:
            output.document(summary.as_json())
        for line in summary_lines(summary, kept=arguments.state is not None):
            output.text(line)
        output.flush()
        if not arguments.once:
            output.message("Ctrl-C stops the demo.")

    try:
        run_demo(request, Progress(), show)
    except InterruptedDemoError:
        output.message("stopped while loading")
        return INTERRUPTED
    except (ManifestError, DataError) as error:
        raise UsageError(f"--data: {error}") from error
    return DONE


def summary_lines(summary: Summary, *, kept: bool) -> list[str]:
    """The summary for people."""
    told = summary.as_json()
    records = told["records"]
    lines = [
        f"Vastedag demo, {summary.today}: {len(summary.members)} members",
        "",
        (
            f"Records    {records['admitted']} admitted, {records['refused']} refused, "
            f"{records['problems']} problems, {records['tolerated']} tolerated"
        ),
        (
            f"Answers    {records['decisions']} allowance decisions, {records['plans']} plans "
            "(one per party and person)"
        ),
    ]
    lines += _problem_lines([*told["refused"], *told["problems"]])
    for household in summary.households:
        lines += ["", *_household_lines(household)]
    lines += _not_enrolled_lines(summary)
    return [*lines, "", *_ledger_lines(summary, kept=kept)]


def _problem_lines(problems: list[dict[str, str]]) -> list[str]:
    lines = []
    for problem in problems[:PROBLEMS_SHOWN_MAX]:
        at = f"{problem['where']}, {problem['field']}" if problem["field"] else problem["where"]
        mark = "tolerated" if problem["severity"] == "tolerated" else "problem"
        lines.append(
            f"  {mark}: {problem['source']}: {at}: {problem['reason']}; {problem['repair']}"
        )
    if len(problems) > PROBLEMS_SHOWN_MAX:
        lines.append(f"  and {len(problems) - PROBLEMS_SHOWN_MAX} more; --json tells them all")
    return lines


def _household_lines(household: Mapping[str, Any]) -> list[str]:
    lines = [f"{household['name']} ({household['members']} in the household)"]
    for allowance in household["allowances"]:
        lines += [f"  {line}" for line in _allowance_lines(allowance)]
    if household["pay_day"] is None:
        return [*lines, "  no pay date yet"]
    lines.append(f"  pay date: {household['why_en']}")
    for month in household["months"][1 : 1 + MONTHS_SHOWN]:
        lines.append(
            f"    {month['month']}: {month['pay_date']}, left to spend "
            f"{amount(month['left_to_spend'])}; lowest balance {amount(month['lowest_before'])} "
            f"before, {amount(month['lowest_after'])} after"
        )
    lines += [f"    not planned: {o['flow']}: {o['problem']}" for o in household["not_planned"]]
    return lines


def _allowance_lines(allowance: Mapping[str, Any]) -> list[str]:
    name = f"{allowance['scheme']} {allowance['year']}"
    certainty = "estimate" if allowance["estimate"] else "final"
    lines = [
        f"{name}: {first}{'' if first == last else f' to {last}'}: {amount(cents)} a month "
        f"({certainty})"
        for first, last, cents in _runs(allowance["months"])
    ]
    for because, months in groupby(
        allowance["unknown"].items(), key=lambda item: str(item[1]["en"])
    ):
        which = [month for month, _ in months]
        span = which[0] if len(which) == 1 else f"{which[0]} to {which[-1]}"
        lines.append(f"{name}: {span}: unknown: {because}")
    if not lines:
        lines.append(f"{name}: {allowance['because_en']}")
    return lines


def _runs(months: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Months with one amount together: first, last, cents."""
    runs = []
    for cents, group in groupby(sorted(months.items()), key=lambda item: item[1]):
        names = [month for month, _ in group]
        runs.append((names[0], names[-1], cents))
    return runs


def _not_enrolled_lines(summary: Summary) -> list[str]:
    lines: list[str] = []
    for person in summary.not_enrolled:
        lines += ["", f"{person['name']}: {person['reason']}"]
        for allowance in person["allowances"]:
            because = allowance["because_en"] or "would be derived on application"
            lines.append(f"  {allowance['scheme']} {allowance['year']}: nothing sent; {because}")
    return lines


def _ledger_lines(summary: Summary, *, kept: bool) -> list[str]:
    report = summary.report
    log = summary.pages and f"{summary.pages}/log"
    lines = [
        f"Ledger     {report.size} entries, root {report.root.hex()}",
        (
            f"           verified: {report.entries} entries, {report.void_count} void, cosigned by "
            + ", ".join(name.rpartition("/")[2] for name in report.cosigners)
        ),
        f"vkey       {summary.vkey}",
    ]
    key = shlex.quote(summary.vkey)
    if log is not None:
        lines += [
            f"Pages      {summary.pages}",
            f"Log        {log} (the sequencer's own: {summary.log_url})",
            f"Verify     vastedag verify {log} --vkey {key} --token {summary.token}",
        ]
    elif kept:
        home = shlex.quote(f"{summary.directory}/belastingdienst")
        lines += [
            f"Verify     vastedag export tree --home {home}",
            f"           vastedag verify tree --vkey {key}",
        ]
    else:
        lines.append("Verify     with --state DIR the log stays, for export and verify")
    return lines


COMMANDS: Final = {
    "demo": Command(arguments=_arguments, run=_run, faults=(NodeError, LedgerError, SpecFileError)),
}
