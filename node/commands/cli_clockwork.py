"""`vastedag clockwork` and `answer`: the published calendar, steps and orders of a node, and a
party's answer to the plans it was sent.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from node.clockwork import orders_sql, steps_sql
from node.clockwork.clockwork import LEASE
from node.clockwork.orders_sql import Kept
from node.clockwork.timetable import ClockworkError, load_timetable
from node.commands.cli_home import add_home, home_directory
from node.commands.cli_output import DONE, NO, Command, Output, UsageError
from node.errors import NodeError
from node.flow import record
from node.paydate.answers import OpenPlan, answer_draft, open_plans
from node.runtime import Node
from node.stores import lease_sql
from specs.errors import SpecFileError, ValueFaultError
from specs.records import PLAN_ANSWERED, PLAN_SET
from specs.values import Month

MONTHS_MAX: Final = 36


def _clockwork_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("calendar", "steps", "orders"), help="what to print")
    parser.add_argument("--from", dest="first", metavar="MONTH", help="calendar: like 2026-12")
    parser.add_argument("--months", type=int, default=12, help="calendar: how many (default 12)")
    parser.add_argument(
        "--take",
        action="store_true",
        help="orders: claim what is due as one batch, each order once",
    )
    add_home(parser)
    parser.epilog = (
        "calendar: the moments before each month's payments, as published (no node needed).\n"
        "steps: which of them this node has done. orders: what is due to be executed now."
    )


def _clockwork(arguments: argparse.Namespace, output: Output) -> int:
    """Print one of the three."""
    if arguments.what == "calendar":
        return _calendar(arguments, output)
    if arguments.take and arguments.what != "orders":
        raise UsageError("--take: only with `orders`")

    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            read = _steps if arguments.what == "steps" else _orders
            return await asyncio.to_thread(read, node, bool(arguments.take))
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.document(answer)
    return DONE


def calendar_json(first: Month, months: int) -> list[dict[str, Any]]:
    """The published moments of some months; raises ClockworkError."""
    table = load_timetable()
    return [table.month(first.plus(step)).as_json() for step in range(months)]


def _calendar(arguments: argparse.Namespace, output: Output) -> int:
    if not 1 <= arguments.months <= MONTHS_MAX:
        raise UsageError(f"--months: 1 to {MONTHS_MAX}")
    try:
        first = Month.of(datetime.now(UTC).date())
        first = first if arguments.first is None else Month.parse(arguments.first)
    except ValueFaultError as error:
        raise UsageError(f"--from: {error}") from error
    found = calendar_json(first, arguments.months)
    output.answer({"months": found})
    output.text("month    facts known  derivation  notice      cut-off     first orders  payments")
    for one in found:
        output.text(
            f"{one['month']}  {one['facts_known']}   {one['derivation']}  {one['notice']}  "
            f"{one['cut_off']}  {one['first_orders_due']}    {one['first_payment']}"
        )
    return DONE


def _steps(node: Node, _take: bool) -> dict[str, Any]:
    present = Month.of(node.clock().date())
    with node.database.read() as connection:
        rows = steps_sql.rows(connection, [present.plus(n) for n in range(-2, 3)])
        holder = lease_sql.holder_of(connection, LEASE)
        overdue = steps_sql.overdue(connection, node.clock())
    steps = [row | {"due_at": _utc(row["due_at"]), "done_at": _utc(row["done_at"])} for row in rows]
    return {"member": node.member, "ticker": holder, "overdue": overdue, "steps": steps}


def _orders(node: Node, take: bool) -> dict[str, Any]:
    subjects = node.records.subjects
    if take:
        with node.database.write() as connection, node.facts.reading():
            found = orders_sql.take(connection, subjects, node.clock(), orders_sql.TAKE_MAX)
    else:
        with node.facts.reading(), node.database.read() as connection:
            found = orders_sql.due(connection, subjects, node.clock())
    with node.database.read() as connection:
        states = orders_sql.counts(connection)
    return {"member": node.member, "states": states, "orders": [_order(one) for one in found]}


def _order(one: Kept) -> dict[str, Any]:
    """An order without the person: who it is for stands in the node, not on a terminal."""
    order = one.order
    return {
        "order": one.id, "version": one.version, "state": one.state, "batch": one.batch,
        "due_at": _utc(one.due_at), "flow": order.flow, "period": order.period,
        "kind": order.kind, "day": order.day.isoformat(), "cents": order.cents,
    }  # fmt: skip


def _utc(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    parser.add_argument("--plan", metavar="RECORD", help="the plan; left out: list those here")
    parser.add_argument("--all", action="store_true", help="confirm every plan not answered yet")
    parser.add_argument("--decline", action="store_true", help="decline instead of confirm")
    parser.add_argument("--flow", help="one flow of the plan; left out: all of it")
    parser.add_argument("--reason", help="why declined; the household reads it")


def _answer(arguments: argparse.Namespace, output: Output) -> int:
    """List the plans addressed to this member, or answer them."""
    if arguments.decline and (arguments.plan is None or not arguments.reason):
        raise UsageError("--decline: name the --plan and the --reason; the household reads it")

    async def run() -> dict[str, Any]:
        node = Node.open(home_directory(arguments))
        try:
            await node.ledger.refresh()
            if arguments.plan is None and not arguments.all:
                return {"plans": [_plan(one) for one in _open(node)]}
            return {"recorded": await _record(node, arguments)}
        finally:
            await node.close()

    answer = asyncio.run(run())
    output.document(answer)
    return NO if answer.get("recorded") == [] else DONE


async def _record(node: Node, arguments: argparse.Namespace) -> list[str]:
    said = "declined" if arguments.decline else "confirmed"
    recorded = []
    for plan in await asyncio.to_thread(_open, node):
        open_flows = [flow for flow in plan.flows if flow not in plan.answers]
        chosen = plan.record == arguments.plan or (arguments.all and open_flows)
        if not chosen:
            continue
        fact = node.facts.fact(plan.planner, plan.record)
        assert fact is not None  # the list was made of these facts
        draft = answer_draft(
            fact, node.facts.person(plan.person),
            "declined" if said == "declined" else "confirmed", node.desk.today(),
            flow=arguments.flow, reason=arguments.reason if arguments.decline else None,
        )  # fmt: skip
        recorded.append((await record(node.desk, draft)).record)
    return recorded


def _open(node: Node) -> tuple[OpenPlan, ...]:
    facts = [*node.facts.of_type(PLAN_SET), *node.facts.of_type(PLAN_ANSWERED)]
    return open_plans(facts, node.member)


def _plan(one: OpenPlan) -> dict[str, Any]:
    return {
        "plan": one.record,
        "planner": one.planner,
        "flows": {flow: one.answers.get(flow) for flow in one.flows},
    }


FAULTS: Final = (NodeError, SpecFileError, ClockworkError)
COMMANDS: Final = {
    "clockwork": Command(arguments=_clockwork_arguments, run=_clockwork, faults=FAULTS),
    "answer": Command(arguments=_answer_arguments, run=_answer, faults=FAULTS),
}
