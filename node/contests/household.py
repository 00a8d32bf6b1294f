"""A household's contests on its municipality's node: what it can contest, what will happen, cases.

Nothing is kept here: every answer is a function of the facts this node holds and the day. Blocking;
call it in a thread. Whoever is not named by a record of the household finds nothing (LookupError).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from node.contests import words
from node.contests.drafts import contest_draft, withdrawal_draft
from node.contests.held_views import Amounts, amounts_now, amounts_with, suspended_cents
from node.contests.terms import decide_by, is_amount, law_of, object_until
from node.contests.views import CaseView, ContestItem, ContestPreview
from node.errors import RefusedError
from node.fresh_circles import FreshCircles
from node.households import Circles, EnrolledHousehold, FactSource, enrolled, ref_at
from scheduler.folding.contests import Case, amount_of, cases
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.paydays import PayerCalendar
from scheduler.rulebook import Rulebook
from specs.records import ALLOWANCE_SET, AllowanceDecision, PersonRef, RecordDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that is known of one household now."""

    circles: Circles
    facts: Sequence[Fact]
    household: EnrolledHousehold
    standing: frozenset[str]
    cases: tuple[Case, ...]

    def own(self) -> list[Fact]:
        """The facts that name a member."""
        members = set(self.household.members)
        return [fact for fact in self.facts if members & set(fact.subjects.values())]

    def own_cases(self) -> list[Case]:
        members = set(self.household.members)
        return [case for case in self.cases if case.contest.subject() in members]


class HouseholdContests:
    """The contests of one municipality's households."""

    def __init__(
        self,
        facts: FactSource,
        *,
        today: Callable[[], date],
        rulebook: Callable[[], Rulebook],
        calendar: PayerCalendar,
        roles: Callable[[], Mapping[str, str]],
        names: Mapping[str, str],
    ) -> None:
        self._facts = facts
        self._today = today
        self._rulebook = rulebook
        self._calendar = calendar
        self._roles = roles
        self._names = names
        self._circles = FreshCircles()

    def items(self, household: str) -> Sequence[ContestItem]:
        """Everything that can be contested now, the newest first."""
        known = self._known(household)
        latest = _latest_decisions(known.facts)
        found = [
            self._item(known, fact)
            for fact in known.own()
            if words.is_listed(fact) and (fact.type != ALLOWANCE_SET or fact.record in latest)
        ]
        can = [item for item in found if item.why_not_nl is None]
        return sorted(can, key=lambda one: (-one.day.toordinal(), one.what_nl, one.record))

    def item(self, household: str, record: str) -> ContestItem:
        """One record of the household, also one that cannot be contested: then it says why."""
        known = self._known(household)
        return self._item(known, _fact(known, record))

    def preview(self, household: str, record: str, claimed_cents: int | None) -> ContestPreview:
        """What will happen when it is contested; the amounts as this node works them out."""
        known = self._known(household)
        fact = _fact(known, record)
        draft = self._contest(known, fact, "-", claimed_cents)
        assumed = Fact(
            record="-", type=draft.type, data=draft.data, valid_from=draft.valid_from,
            subjects={"person": _about(known, fact)}, author="-",
            known=1 + max(each.known for each in known.facts),
        )  # fmt: skip
        amounts = amounts_with(
            known.circles, known.household.members, assumed, today=self._today(),
            rulebook=self._rulebook(), calendar=self._calendar,
        )  # fmt: skip
        return ContestPreview(
            item=self._item(known, fact),
            claimed_cents=claimed_cents,
            runs=amounts.runs,
            due_if_lost_cents=amounts.due_if_lost_cents,
            suspended_cents=suspended_cents(
                [*known.facts, assumed], known.household.members, "-", self._today()
            ),
        )

    def cases(self, household: str) -> Sequence[CaseView]:
        """Every case of the household, the newest first."""
        known = self._known(household)
        found = [self._case(known, case) for case in known.own_cases()]
        return sorted(found, key=lambda one: one.filed_on, reverse=True)

    def draft(
        self, household: str, record: str, reason: str, claimed_cents: int | None
    ) -> RecordDraft:
        """The record of a contest. LookupError: not of this household; RefusedError: why not."""
        known = self._known(household)
        fact = _fact(known, record)
        item = self._item(known, fact)
        if item.why_not_nl is not None:
            raise RefusedError("superseded", "the record can not be contested now; see the page")
        return self._contest(known, fact, reason, claimed_cents)

    def withdrawal(self, household: str, case: str) -> RecordDraft:
        """The record that takes a case back. LookupError: none of theirs; RefusedError: over."""
        known = self._known(household)
        found = next((one for one in known.own_cases() if one.record == case), None)
        if found is None:
            raise LookupError("no such case of this household")
        if not found.is_open and found.state != "withdrawn":
            raise RefusedError("superseded", "case: it is over; there is nothing to take back")
        return withdrawal_draft(found, self._today())

    def _contest(
        self, known: _Known, fact: Fact, reason: str, claimed_cents: int | None
    ) -> RecordDraft:
        if claimed_cents is not None and (is_amount(fact) or amount_of(fact.data) is None):
            raise RefusedError("invalid_event", "this record has no amount to state another of")
        return contest_draft(
            fact, _about(known, fact), reason=reason, claimed_cents=claimed_cents,
            today=self._today(), earlier=known.cases,
        )  # fmt: skip

    def _item(self, known: _Known, fact: Fact) -> ContestItem:
        told, law, until = words.item_words(fact), law_of(fact), object_until(fact)
        whose = _whose(known.household, fact)
        because = words.why_not(fact, self._roles().get(fact.author, ""), standing=known.standing)
        for case in known.own_cases():
            if (case.data.party, case.data.contested) == (fact.author, fact.record):
                if case.is_open:
                    because = words.RUNNING
                elif case.state in ("rejected", "inadmissible", "upheld"):
                    because = words.DONE
        return ContestItem(
            record=fact.record,
            what_nl=told.nl,
            what_en=told.en,
            agency=self._names.get(fact.author, fact.author),
            day=fact.valid_from,
            group=words.group_of(fact),
            is_amount=is_amount(fact),
            who=None if whose is None else whose.surname,
            born=None if whose is None else whose.birth_date,
            detail=words.detail_of(fact),
            now_cents=None if is_amount(fact) else amount_of(fact.data),
            until=until,
            late=until is not None and until < self._today(),
            decide_by=decide_by(fact, self._today()),
            law_nl=law.nl,
            law_en=law.en,
            why_not_nl=None if because is None else because.nl,
            why_not_en=None if because is None else because.en,
        )

    def _case(self, known: _Known, case: Case) -> CaseView:
        fact = case.contested or case.contest
        told = words.item_words(fact)
        by = decide_by(fact, case.contest.valid_from)
        amounts = Amounts(runs=(), due_if_lost_cents=0)
        if case.is_open:
            amounts = amounts_now(
                known.facts, known.household.members, case.record, today=self._today(),
                calendar=self._calendar,
            )  # fmt: skip
        return CaseView(
            case=case.record,
            what_nl=told.nl,
            what_en=told.en,
            agency=self._names.get(case.data.party, case.data.party),
            filed_on=case.contest.valid_from,
            decide_by=by,
            overdue=case.state == "open" and self._today() > by,
            state=case.state,
            is_open=case.is_open,
            decided_on=None if case.decision is None else case.decision.valid_from,
            reason=case.data.reason,
            claimed_cents=case.data.claimed_cents,
            answer=getattr(case.decision.data, "reason", None) if case.decision else None,
            runs=amounts.runs,
            due_if_lost_cents=amounts.due_if_lost_cents,
            suspended_cents=suspended_cents(
                known.facts, known.household.members, case.record, self._today()
            )
            if case.is_open
            else 0,
        )

    def _known(self, household: str) -> _Known:
        circles = self._circles.of(self._facts)
        facts, _ = circles.near([SubjectId(household)])
        found = next((one for one in enrolled(facts) if one.applicant == household), None)
        if found is None:
            raise LookupError("no such household here")
        facts, _ = circles.near(found.members)
        return _Known(
            circles=circles,
            facts=facts,
            household=found,
            standing=frozenset(fact.record for fact in known_facts(facts, None)),
            cases=cases(facts),
        )


def _fact(known: _Known, record: str) -> Fact:
    for fact in known.own():
        if fact.record == record:
            return fact
    raise LookupError("no record of this household has this id")


def _about(known: _Known, fact: Fact) -> SubjectId:
    """The member whom the record names, by a number: the first of the household's own order."""
    for member in known.household.members:
        for path, subject in fact.subjects.items():
            if subject == member and ref_at(fact.data, path).bsn is not None:
                return member
    raise LookupError("the record names nobody of this household by a number")


def _whose(household: EnrolledHousehold, fact: Fact) -> PersonRef | None:
    """Whom of several members a record is about, as it names him; None where there is but one."""
    if len(household.members) < 2:
        return None
    for path, subject in fact.subjects.items():
        if subject in household.members and path.split(".")[0] in ("person", "persons"):
            return ref_at(fact.data, path)
    return None


def _latest_decisions(facts: Sequence[Fact]) -> set[str]:
    """Of each person, scheme and year the decision that stands: older ones it replaced."""
    latest: dict[tuple[SubjectId | None, str, int], str] = {}
    for fact in sorted(facts, key=lambda fact: fact.known):
        if isinstance(fact.data, AllowanceDecision):
            latest[fact.subject(), fact.data.scheme, fact.data.year] = fact.record
    return set(latest.values())
