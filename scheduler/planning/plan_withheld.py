"""Shows what a payer keeps from an income as lines of their own, beside the whole income.

The planner counts what arrives; nothing here changes a day or a balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from scheduler.errors import PlanError
from scheduler.planning.flows import Flow, Occurrence
from scheduler.planning.plan_types import MonthPlan, PlannedLine


def refuse_more_than_comes_in(flow: Flow, payments: Iterable[Occurrence]) -> None:
    """Raises PlanError for a flow of which more is kept than is paid."""
    short = next((one for one in payments if flow.cents_in(one) < 0), None)
    if short is not None:
        raise PlanError(
            "withheld",
            nl=f"voor {short.period} wordt meer ingehouden dan er komt",
            en=f"more is kept than is paid for {short.period}; correct one of the two",
        )


def withheld_from(flows: Iterable[Flow]) -> dict[str, str]:
    """The income from which a payment is kept, by the id of that payment."""
    return {one.id: flow.id for flow in flows for one in flow.withheld}


def shown(months: Iterable[MonthPlan], flows: Mapping[str, Flow]) -> tuple[MonthPlan, ...]:
    """The months with the whole income and, right after it, what is kept from it."""
    return tuple(month._replace(lines=tuple(_split(month.lines, flows))) for month in months)


def _split(lines: Iterable[PlannedLine], flows: Mapping[str, Flow]) -> Iterator[PlannedLine]:
    for line in lines:
        kept = [(one, one.cents_in(line.due)) for one in flows[line.flow].withheld]
        yield line._replace(cents=line.cents + sum(cents for _one, cents in kept))
        for one, cents in kept:
            yield line._replace(flow=one.id, party=one.party, direction="out", cents=cents)
