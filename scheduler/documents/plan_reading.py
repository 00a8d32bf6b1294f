"""Reads the flows of plan documents: every fault with its field and repair, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args

from scheduler.documents.plan_fields import Fault, Fields
from scheduler.errors import PayDayError, PlanError
from scheduler.folding.known import Text
from scheduler.paydays import ALL_MONTHS, Receipt
from scheduler.planning.banking import Shift
from scheduler.planning.flows import Direction, Every, Flow, Rail, Rhythm, Window, Withheld
from scheduler.planning.periods import COVERS
from scheduler.planning.plan_types import NotPlanned
from scheduler.planning.terms import TermRule
from specs.values import Month

FLOW_KEYS: Final = (
    "id", "direction", "party", "amount", "amounts", "every", "day", "month", "months", "start",
    "end", "dates", "calendar", "shift", "covers", "window", "rail", "receipt", "joins",
    "reference", "account", "withheld", "weekly", "terms",
)  # fmt: skip
PartyTerms = Mapping[str, TermRule]


@dataclass(frozen=True, slots=True)
class ReadFlow:
    """A flow, or the faults for which it is left out."""

    name: str
    flow: Flow | None
    faults: tuple[Fault, ...]

    def not_planned(self) -> NotPlanned:
        """The entry of a flow that could not be read."""
        english = "; ".join(f"{fault.field}: {fault.problem}" for fault in self.faults)
        wrong = ", ".join(fault.field for fault in self.faults)
        return NotPlanned(
            flow=self.name,
            field=self.faults[0].field,
            problem=Text(f"de gegevens kloppen niet bij: {wrong}", english),
        )


def read_flow(value: object, index: int, terms: PartyTerms, *, is_twice: bool) -> ReadFlow:
    """One entry of `flows`. `is_twice`: another entry has the same id; `terms` are those in which
    parties let an amount be paid."""
    place = f"flows[{index}]"
    if not isinstance(value, dict):
        return ReadFlow(place, None, (Fault(place, "a flow is a JSON object"),))
    fields = Fields(value, "")
    fields.only(FLOW_KEYS)
    name = fields.text("id")
    if is_twice and name:
        fields.fault("id", "more flows have this id; give every flow an id of its own")
    flow = _flow(fields, name, terms)
    if flow is None or fields.faults:
        return ReadFlow(name or place, None, tuple(fields.faults))
    return ReadFlow(name, flow, ())


def _flow(fields: Fields, name: str, terms: PartyTerms) -> Flow | None:
    in_terms = fields.take("terms") is not None
    window = _window(fields)
    rhythm = _first_term(fields) if in_terms else _rhythm(fields)
    directions: tuple[Direction, ...] = get_args(Direction)
    rails: tuple[Rail, ...] = get_args(Rail)
    receipts: tuple[Receipt, ...] = get_args(Receipt)
    direction = fields.word("direction", directions)
    party, amount, amounts = fields.text("party"), fields.integer("amount"), _amounts(fields)
    rail = fields.word("rail", rails, "in_order")
    has_receipt = fields.take("receipt") is not None
    receipt = fields.word("receipt", receipts) if has_receipt else None
    joins, reference = fields.flag("joins"), fields.optional_text("reference")
    account = fields.optional_text("account") or ""
    withheld, weekly = _withheld(fields), fields.integer("weekly", 0)
    if rhythm is None or window is None or direction is None or rail is None or fields.faults:
        _check_amounts(fields, amount, amounts)
        return None
    try:
        flow = Flow(
            id=name,
            direction=direction,
            party=party,
            amount_cents=amount,
            rhythm=rhythm,
            window=window,
            amounts=amounts,
            rail=rail,
            receipt=receipt,
            joins=joins,
            reference=reference,
            account=account,
            withheld=withheld,
            weekly_cents=weekly,
        )
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None
    return _in_terms(fields, flow, terms) if in_terms else flow


def _first_term(fields: Fields) -> Rhythm | None:
    """Stands for the terms until the party and its own months and day are known."""
    start, day = fields.day("start"), fields.optional_integer("day")
    if start is None:
        fields.fault("start", "terms need the day from which they are paid")
        return None
    try:
        return Rhythm(every="month", day=day or start.day, start=start)
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _in_terms(fields: Fields, flow: Flow, known: PartyTerms) -> Flow | None:
    """A whole amount in monthly terms: so many, or as a party lets it be paid."""
    asked, start, day = fields.take("terms"), flow.rhythm.start, flow.rhythm.day
    assert start is not None  # both by _first_term
    assert day is not None
    if isinstance(asked, str):
        rule = known.get(asked)
        if rule is None:
            names = ", ".join(sorted(known))
            fields.fault("terms", f"no terms of that party are known; known here: {names}")
            return None
    else:
        rule = _stated(fields.integer("terms"), flow.party)
    try:
        paid = rule.flow(flow.id, flow.amount_cents, Month.of(start), day, flow.window)
        return replace(
            flow, amount_cents=paid.amount_cents, rhythm=paid.rhythm, amounts=paid.amounts
        )
    except (PayDayError, PlanError) as error:
        fields.fault("terms", str(error))
        return None


def _stated(number: int, party: str) -> TermRule:
    """Terms the party agreed to in this case, as the document states them."""
    return TermRule(
        party=party,
        name=Text(party, party),
        from_cents=0,
        until_cents=None,
        bands=(),
        above=number,
        term_cents_min=0,
        months=ALL_MONTHS,
        day=None,
        shift="following",
        confidence="stated",
        source="the document",
    )


def _withheld(fields: Fields) -> tuple[Withheld, ...]:
    found: list[Withheld] = []
    for inner in fields.objects("withheld"):
        inner.only(("id", "party", "amount", "start", "end"))
        name, party, amount = inner.text("id"), inner.text("party"), inner.integer("amount")
        start, end = inner.day("start"), inner.day("end")
        if start is not None and end is not None and end < start:
            inner.fault("end", "the start lies after the end")
        if amount < 0:
            inner.fault("amount", "a negative amount; nothing can be added this way")
        if not fields.faults:
            found.append(Withheld(id=name, party=party, amount_cents=amount, start=start, end=end))
    return tuple(found)


def _check_amounts(fields: Fields, amount: int, amounts: Mapping[str, int]) -> None:
    """The amounts of a flow that has other faults already: the sender gets all at once."""
    for key, cents in (("amount", amount), *((f"amounts.{k}", v) for k, v in amounts.items())):
        if cents < 0:
            fields.fault(key, "a negative amount; turn the direction instead")


def _rhythm(fields: Fields) -> Rhythm | None:
    everys: tuple[Every, ...] = get_args(Every)
    shifts: tuple[Shift, ...] = get_args(Shift)
    before = len(fields.faults)
    calendar, dates = fields.optional_text("calendar"), fields.days("dates")
    every: Every | None
    if calendar is not None:
        every = "calendar"
    elif fields.take("dates") is not None and fields.take("every") in (None, "dates"):
        every = "dates"
    else:
        every = fields.word("every", everys)
    month, months = fields.optional_integer("month"), fields.numbers("months")
    shift = fields.word("shift", shifts, "following")
    covers = fields.word("covers", COVERS) if fields.take("covers") is not None else None
    day, start, end = fields.optional_integer("day"), fields.day("start"), fields.day("end")
    if every is None or shift is None or len(fields.faults) > before:
        return None
    try:
        return Rhythm(
            every=every,
            day=day,
            months=months or ((month,) if month is not None else ()),
            dates=dates,
            calendar=calendar,
            shift=shift,
            covers=covers,
            start=start,
            end=end,
        )
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _window(fields: Fields) -> Window | None:
    inner = fields.inside("window")
    if inner is None:
        return Window() if fields.take("window") is None else None
    inner.only(("earlier_days", "later_days"))
    earlier, later = inner.integer("earlier_days", 0), inner.integer("later_days", 0)
    try:
        return Window(earlier_days=earlier, later_days=later)
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _amounts(fields: Fields) -> dict[str, int]:
    return fields.named_integers("amounts")
