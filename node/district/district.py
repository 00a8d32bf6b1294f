"""Signals of households bundled for one contact, one file with a stated purpose, and exceptions.

Sorted by the day of the oldest signal and by nothing else: no score, no trait of a person (H1). A
file opens only to a worker who said what for; that is logged, and the household sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from node.desk import acts_sql, proposals_sql
from node.desk.correction_views import ChangeView
from node.desk.fields import euros
from node.desk.office import Office
from node.desk.proposals_sql import Proposal
from node.district.views import (
    AdvanceView,
    ArrearsView,
    FileView,
    HouseholdRow,
    SignalView,
    TailoringRequest,
    TailoringView,
)
from node.errors import NodeError, RefusedError
from node.households import EnrolledHousehold, every_household
from node.paydate import signals_sql
from node.paydate.answers import answers_by_flow
from node.paydate.standing import standing_plan
from node.portal.calendar_words import scheme_words
from node.stores import schema_sql as tables
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from specs.records import ARREARS_TOLD, TAILORED, Arrears, RecordDraft, Tailoring
from specs.values import parse_date

OPENED: Final = "open-household"
PURPOSE_SECONDS: Final = 8 * 60 * 60  # a stated purpose counts for one working day
DECIDED_BY: Final = "wijkteam"
SCHEMES: Final = ("bijstand", "zorgtoeslag", "huurtoeslag", "kindgebonden_budget")
KINDS: Final[Mapping[str, Text]] = {
    "shortfall": Text("tekort in een maand", "shortfall in a month"),
    "low_point": Text("laag saldo", "low balance"),
    "possible_double": Text("misschien dubbele last", "perhaps a double charge"),
    "expected_day": Text("dag nog niet zeker", "day not certain yet"),
    "missing": Text("betaling niet gekomen", "payment missed"),
    "double": Text("dubbel betaald", "paid twice"),
    "deviating": Text("ander bedrag betaald", "another amount paid"),
    "unexpected": Text("onverwachte betaling", "unexpected payment"),
    "arrears": Text("achterstand", "arrears"),
}


class NoPurposeError(NodeError):
    """A file that is asked for without a stated purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a file may be opened for: an activity of specs/processing.yaml."""

    activity: str
    what: Text
    article: str


PURPOSES: Final = (
    Purpose(
        activity="inzage-wijk",
        what=Text("Op tijd helpen bij schulden", "Help in time with debts"),
        article="Wgs 3",
    ),
    Purpose(
        activity="wijk-maatwerk",
        what=Text("Een uitzondering beoordelen", "Judge an exception"),
        article="Participatiewet 18",
    ),
    Purpose(
        activity="wijk-hulpvraag",
        what=Text("Het huishouden vroeg om hulp", "The household asked for help"),
        article="AVG 6(1)(a)",
    ),
)


class District:
    """DistrictPort (ports.py), and the work of its proposals, of a municipality's node."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def households(self) -> Sequence[HouseholdRow]:
        """See DistrictPort."""
        table, office = tables.signals, self._office
        found: dict[str, tuple[list[date], Counter[str]]] = {}
        with office.database.read() as connection:
            rows = connection.execute(
                select(table.c.household, table.c.kind, table.c.first_on).where(
                    table.c.state == signals_sql.OPEN
                )
            ).all()
        for household, kind, first_on in rows:
            days, kinds = found.setdefault(household, ([], Counter()))
            days.append(date.fromisoformat(first_on))
            kinds[kind] += 1
        of_member = {who: one.applicant for one in self._enrolled() for who in one.members}
        for fact in _open_arrears(office.facts.of_type(ARREARS_TOLD)):
            household = of_member.get(fact.subject() or "")
            if household is not None:
                days, kinds = found.setdefault(household, ([], Counter()))
                days.append(fact.valid_from)
                kinds["arrears"] += 1
        made = [
            HouseholdRow(
                household=household,
                since=min(days),
                kinds=tuple((KINDS[kind], count) for kind, count in sorted(kinds.items())),
            )
            for household, (days, kinds) in found.items()
        ]
        return sorted(made, key=lambda one: (one.since, one.household))

    def state(self, staff: str, household: str, activity: str) -> None:
        """See DistrictPort."""
        if activity not in {one.activity for one in PURPOSES}:
            raise LookupError("no such purpose")
        self._household(household)
        office = self._office
        with office.database.write() as connection:
            acts_sql.note(
                connection, staff, OPENED, office.clock(), subject=household, purpose=activity
            )

    def file(self, staff: str, household: str) -> FileView:
        """See DistrictPort."""
        one, office = self._household(household), self._office
        purpose = self._purpose(staff, household)
        with office.opened(one.members, activity=purpose.activity) as connection:
            facts = office.facts.facts_of(one.members)
            kept = signals_sql.kept(connection, office.records.subjects, one.applicant)
            surnames = {
                who: office.records.subjects.identity(connection, who).surname
                for who in one.members
            }
        standing, names = standing_plan(facts, one), office.names()
        advances = [] if standing is None else [
            (scope[0], advance)
            for scope in sorted({(line.party, line.person) for line in standing.lines})
            for advance in standing.advances_of(scope)
        ]  # fmt: skip
        return FileView(
            household=household,
            surname=one.surname,
            purpose=purpose.what,
            members=tuple(surnames.items()),
            pay_day=None if standing is None else standing.day,
            signals=tuple(
                SignalView(
                    what=KINDS[each.signal.kind], since=each.first_on, when=each.signal.when,
                    party=names.get(each.signal.party or "", each.signal.party),
                    planned_cents=each.signal.planned_cents, booked_cents=each.signal.booked_cents,
                )
                for each in sorted(kept, key=lambda each: each.first_on)
            ),
            arrears=tuple(_arrears(fact) for fact in _open_arrears(facts)),
            advances=tuple(
                AdvanceView(party=names.get(party, party), day=each.day, cents=each.cents)
                for party, each in advances
            ),
            declined=tuple(
                (names.get(key[0], key[0]), answer.reason or "", answer.proposed_day)
                for key, answer in sorted(answers_by_flow(facts, office.member).items())
                if answer.said == "declined"
            ),
            tailoring=tuple(_tailoring(fact) for fact in known_facts(facts, None)
                            if isinstance(fact.data, Tailoring)),
        )  # fmt: skip

    def propose(self, staff: str, request: TailoringRequest) -> None:
        """See DistrictPort."""
        one = self._household(request.household)
        self._purpose(staff, request.household)
        if request.person not in one.members or request.scheme not in SCHEMES:
            raise LookupError("no such person or scheme in this household")
        if request.cents == 0:
            raise RefusedError("invalid_event", "an exception of nothing changes nothing")
        office = self._office
        content = {
            "reason": request.reason, "scheme": request.scheme, "cents": request.cents,
            "since": request.since.isoformat(),
            "until": None if request.until is None else request.until.isoformat(),
        }  # fmt: skip
        with office.database.write() as connection:
            proposals_sql.add(
                connection, office.records.subjects, kind="tailoring", subject=request.person,
                author="", record="", content=content, staff=staff, now=office.clock(),
            )  # fmt: skip

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """See Work (desk/proposals.py)."""
        content = proposal.content
        scheme = scheme_words(str(content["scheme"]))
        return (
            ChangeView(label=scheme, before="", after=f"{euros(content['cents'])} €"),
            ChangeView(label=Text("Vanaf", "From"), before="", after=str(content["since"])),
            ChangeView(label=Text("Tot", "Until"), before="", after=str(content["until"] or "")),
        )

    async def carry_out(self, proposal: Proposal) -> None:
        """See Work (desk/proposals.py)."""
        office, content = self._office, proposal.content
        with office.opened([proposal.head.subject], activity="wijk-maatwerk") as connection:
            person = office.records.subjects.identity(connection, proposal.head.subject)
        until = content["until"]
        await office.send(
            RecordDraft(
                type=TAILORED,
                source_event_id=f"maatwerk/{proposal.head.id}",
                data=Tailoring(
                    person=person, scheme=content["scheme"], cents_per_month=content["cents"],
                    reason=content["reason"], decided_by=DECIDED_BY,
                ),
                valid_from=parse_date(content["since"]),
                valid_until=None if until is None else parse_date(until),
                where="district",
            )
        )  # fmt: skip

    def _purpose(self, staff: str, household: str) -> Purpose:
        office = self._office
        since = int(office.clock().timestamp()) - PURPOSE_SECONDS
        with office.database.read() as connection:
            stated = acts_sql.purpose_of(connection, staff, OPENED, household, since)
        for one in PURPOSES:
            if one.activity == stated:
                return one
        raise NoPurposeError("say first what this file is opened for")

    def _household(self, household: str) -> EnrolledHousehold:
        for one in self._enrolled():
            if one.applicant == household:
                return one
        raise LookupError("no such household here")

    def _enrolled(self) -> Sequence[EnrolledHousehold]:
        return every_household(self._office.facts)


def _open_arrears(facts: Sequence[Fact]) -> list[Fact]:
    """The latest word of each creditor about each flow, where it is not settled; by day."""
    latest: dict[tuple[str, SubjectId | None, str], Fact] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: (fact.valid_from, fact.known)):
        if isinstance(fact.data, Arrears):
            latest[fact.author, fact.subject(), fact.data.flow] = fact
    found = [
        fact for fact in latest.values()
        if isinstance(fact.data, Arrears) and not fact.data.settled and fact.data.cents
    ]  # fmt: skip
    return sorted(found, key=lambda fact: (fact.valid_from, fact.record))


def _arrears(fact: Fact) -> ArrearsView:
    assert isinstance(fact.data, Arrears)  # _open_arrears keeps no other
    data = fact.data
    return ArrearsView(
        party=data.party, flow=data.flow, cents=data.cents, months=data.months, on=fact.valid_from
    )


def _tailoring(fact: Fact) -> TailoringView:
    assert isinstance(fact.data, Tailoring)  # asked for by its caller
    return TailoringView(
        scheme=scheme_words(fact.data.scheme), cents=fact.data.cents_per_month,
        reason=fact.data.reason, since=fact.valid_from, until=fact.valid_until,
    )  # fmt: skip
