"""The JSON of `vastedag plan` (DESIGN 9.2): a request to its answer. Amounts are euro cents.

Of a document: `from` and `flows` are required; `months` is 12, `opening_balance` 0 when left out;
`today`, `preferred_day`, `current_day`, `switched_on` (the day the household began to follow it)
and `bridge_by` (who advances money when a charge comes earlier) may be null; `agreed` (false) says
that the household agrees to leave its `current_day`.

Of a flow: `id`, `direction`, `party`, `amount` and one of `every`, `calendar` (a payer's own days)
and `dates` are required. `shift` is following, `window` no move, `rail` in_order (unordered: the
bank may book it before an income of that day), `receipt` (month, year, none: by what the law counts
an income) the calendar's own or month; `start` and `end` bound the due dates; `joins` marks a flow
that is new under a `current_day`; `reference` is the contract, which is planned only once;
`account` tells accounts apart, whose `opening_balance` is then an object of amounts by account.
Unknown keys are refused: in a flow the flow is left out and named, elsewhere the document is.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from scheduler.documents.plan_reading import Fault, Fields, ReadFlow, read_flow
from scheduler.errors import PlanError
from scheduler.paydays import PayCalendars
from scheduler.plan import plan_many
from scheduler.planning.plan_types import (
    Advance,
    MonthPlan,
    NotPlanned,
    Plan,
    PlannedLine,
    PlanRequest,
    Signal,
    Transition,
)

Json: TypeAlias = dict[str, Any]

DOCUMENTS_MAX: Final = 10_000
DOCUMENT_KEYS: Final = (
    "from", "months", "today", "flows", "opening_balance", "preferred_day", "current_day",
    "agreed", "switched_on", "bridge_by",
)  # fmt: skip


def answer(document: object, calendars: PayCalendars) -> Json | list[Json]:
    """The answer to one document, or to a list of them in their order.

    A document that cannot be planned at all is answered by `{"problems": [...]}`, each with its
    field; `refused` tells such an answer.
    """
    if isinstance(document, list):
        if len(document) > DOCUMENTS_MAX:
            return _refusal([Fault("", f"more than {DOCUMENTS_MAX} documents; split the file")])
        return _answer_all(document, calendars)
    return _answer_all([document], calendars)[0]


def refused(given: Json | list[Json]) -> bool:
    """Whether any document was refused (the command then exits 1)."""
    answers = given if isinstance(given, list) else [given]
    return any("problems" in one for one in answers)


def _answer_all(documents: list[object], calendars: PayCalendars) -> list[Json]:
    read = [read_request(document) for document in documents]
    requests = [request for request, _left_out, _faults in read if request is not None]
    plans = plan_many(requests, calendars)
    return [
        _refusal(faults) if request is None else plan_json(next(plans), left_out)
        for request, left_out, faults in read
    ]


def read_request(
    document: object,
) -> tuple[PlanRequest | None, list[NotPlanned], list[Fault]]:
    """The request, the flows it leaves out, and what is wrong with the document as a whole."""
    if not isinstance(document, dict):
        return None, [], [Fault("", "a plan document is a JSON object; see DESIGN 9.2")]
    fields = Fields(document, "")
    fields.only(DOCUMENT_KEYS)
    first = fields.month("from")
    months = fields.integer("months", default=12)
    today = fields.day("today")
    by_account = isinstance(fields.take("opening_balance"), dict)
    openings = fields.named_integers("opening_balance") if by_account else {}
    opening = openings.get("", 0) if by_account else fields.integer("opening_balance", default=0)
    preferred = fields.optional_integer("preferred_day")
    current = fields.optional_integer("current_day")
    agreed, switched_on = fields.flag("agreed"), fields.day("switched_on")
    bridge_by = fields.optional_text("bridge_by")
    read = _read_flows(fields)
    if fields.faults or first is None:
        return None, [], fields.faults
    try:
        request = PlanRequest(
            first=first,
            months=months,
            flows=tuple(one.flow for one in read if one.flow is not None),
            today=today,
            opening_cents=opening,
            openings=openings,
            preferred_day=preferred,
            current_day=current,
            agreed=agreed,
            switched_on=switched_on,
            bridge_by=bridge_by,
        )
    except PlanError as error:
        return None, [], [Fault(error.field, error.en)]
    return request, [one.not_planned() for one in read if one.flow is None], []


def _read_flows(fields: Fields) -> list[ReadFlow]:
    value = fields.take("flows")
    if not isinstance(value, list):
        fields.fault("flows", "a list of flows is missing")
        return []
    names = [one.get("id") for one in value if isinstance(one, dict)]
    return [
        read_flow(one, index, is_twice=isinstance(one, dict) and names.count(one.get("id")) > 1)
        for index, one in enumerate(value)
    ]


def _refusal(faults: list[Fault]) -> Json:
    return {"problems": [{"field": fault.field, "problem": fault.problem} for fault in faults]}


def plan_json(found: Plan, left_out: list[NotPlanned] | None = None) -> Json:
    """A plan as the documented JSON; `left_out` are flows that could not even be read."""
    share = found.on_day_cents / found.total_cents if found.total_cents else 0.0
    return {
        "day": found.day,
        "why": found.why.nl,
        "share_on_day": share,
        "months": [_month_json(month) for month in found.months],
        "transition": transition_json(found.transition),
        "signals": [_signal_json(signal) for signal in found.signals],
        "not_planned": [
            {"flow": one.flow, "problem": one.problem.en}
            for one in (*(left_out or ()), *found.not_planned)
        ],
    }


def _month_json(month: MonthPlan) -> Json:
    return {
        "month": str(month.month),
        "pay_date": month.pay_date.isoformat(),
        "left_to_spend": month.left_cents,
        "lowest_before": month.lowest_before_cents,
        "lowest_after": month.lowest_after_cents,
        "lines": [_line_json(line) for line in month.lines],
    }


def _line_json(line: PlannedLine) -> Json:
    return {
        "flow": line.flow,
        "direction": line.direction,
        "period": line.period,
        "natural_date": line.natural.isoformat(),
        "planned_date": line.planned.isoformat(),
        "amount": line.cents,
        "moved_days": line.moved_days,
        "reason": None if line.reason is None else line.reason.nl,
    }


def transition_json(found: Transition) -> Json:
    """The transition part of the answer."""
    return {
        "from": found.start.isoformat(),
        "until": found.until.isoformat(),
        "advances": [_advance_json(advance) for advance in found.advances],
    }


def _advance_json(advance: Advance) -> Json:
    return {
        "date": advance.day.isoformat(),
        "amount": advance.cents,
        "by": advance.by,
        "repaid": [{"date": part.day.isoformat(), "amount": part.cents} for part in advance.repaid],
    }


def _signal_json(signal: Signal) -> Json:
    found: Json = {"kind": signal.kind, "month": str(signal.month), "amount": signal.cents}
    if signal.flow is not None:
        found["flow"] = signal.flow
    if signal.day is not None:
        found["day"] = signal.day
    return found
