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
`withheld` lists what the payer of an income keeps for others (an attachment of wage): `id`,
`party`, `amount`, `start` and `end` of each; it gets lines of its own. `weekly` is how much of an
income its payer may pay by the week. `terms` pays a whole `amount` in so many monthly terms from
`start`, or as a party of specs/paydays/terms lets it be paid. plan_wishes.py says what else may be
asked for.
Unknown keys are refused: in a flow the flow is left out and named, elsewhere the document is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final, TypeAlias

from scheduler.documents.plan_fields import Fault, Fields
from scheduler.documents.plan_parts import month_json, signal_json, transition_json
from scheduler.documents.plan_reading import PartyTerms, ReadFlow, read_flow
from scheduler.documents.plan_wishes import WISH_KEYS, read_wishes, with_wishes
from scheduler.errors import PlanError
from scheduler.paydays import PayCalendars
from scheduler.plan import plan_many
from scheduler.planning.plan_types import NotPlanned, Plan, PlanRequest

Json: TypeAlias = dict[str, Any]

DOCUMENTS_MAX: Final = 10_000
NO_TERMS: Final[PartyTerms] = MappingProxyType({})
DOCUMENT_KEYS: Final = (
    "from", "months", "today", "flows", "opening_balance", "preferred_day", "current_day",
    "agreed", "switched_on", "bridge_by", *WISH_KEYS,
)  # fmt: skip


def answer(
    document: object, calendars: PayCalendars, terms: PartyTerms = NO_TERMS
) -> Json | list[Json]:
    """The answer to one document, or to a list of them in their order. `terms` are those in which
    parties let an amount be paid, by name.

    A document that cannot be planned at all is answered by `{"problems": [...]}`, each with its
    field; `refused` tells such an answer.
    """
    if isinstance(document, list):
        if len(document) > DOCUMENTS_MAX:
            return _refusal([Fault("", f"more than {DOCUMENTS_MAX} documents; split the file")])
        return _answer_all(document, calendars, terms)
    return _answer_all([document], calendars, terms)[0]


def refused(given: Json | list[Json]) -> bool:
    """Whether any document was refused (the command then exits 1)."""
    answers = given if isinstance(given, list) else [given]
    return any("problems" in one for one in answers)


def _answer_all(documents: list[object], calendars: PayCalendars, terms: PartyTerms) -> list[Json]:
    read = [read_request(document, terms) for document in documents]
    plans = plan_many((one for one, _left_out, _faults in read if one is not None), calendars)
    answers = []
    for document, (request, left_out, faults) in zip(documents, read, strict=True):
        if request is None or not isinstance(document, dict):
            answers.append(_refusal(faults))
            continue
        found, (wishes, _no_faults) = next(plans), read_wishes(document)
        told = plan_json(found, left_out)
        answers.append(with_wishes(told, found, request, wishes, calendars))
    return answers


def read_request(
    document: object, terms: PartyTerms = NO_TERMS
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
    read = _read_flows(fields, terms)
    fields.faults += read_wishes(document)[1]
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


def _read_flows(fields: Fields, terms: PartyTerms) -> list[ReadFlow]:
    value = fields.take("flows")
    if not isinstance(value, list):
        fields.fault("flows", "a list of flows is missing")
        return []
    names = [one.get("id") for one in value if isinstance(one, dict)]
    return [
        read_flow(
            one, index, terms, is_twice=isinstance(one, dict) and names.count(one.get("id")) > 1
        )
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
        "months": [month_json(month) for month in found.months],
        "transition": transition_json(found.transition),
        "signals": [signal_json(signal) for signal in found.signals],
        "not_planned": [
            {"flow": one.flow, "problem": one.problem.en}
            for one in (*(left_out or ()), *found.not_planned)
        ],
    }
