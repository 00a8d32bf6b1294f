"""What a member's task makes of changed facts: decisions (Toeslagen), plans (a municipality).

The two answers that flow.py plugs in. Both are a function of the node's facts and the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache

from node.claims import CALENDAR, claims_for
from node.decisions import decisions_for
from node.facts import Facts
from node.flow import Answering
from node.flows import Naming
from node.fresh_circles import FreshCircles
from node.paydate.endings import plans_ended
from node.plans import plans_for
from node.reporting import reports_for
from node.rules import NodeRules
from node.stores.views_sql import ViewStore
from node.subjects import OWN
from scheduler.folding.facts import SubjectId
from scheduler.paydays import PayCalendars, PayerCalendar
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.rulebook import Rulebook
from specs.records import RecordDraft


@cache
def rulebook() -> Rulebook:
    """The rules this program ships, compiled once per process; raises SpecFileError."""
    return Rulebook.load()


def answering_of(
    role: str,
    member: str,
    rules: NodeRules,
    roles: Callable[[], Mapping[str, str]],
    views: ViewStore,
) -> Answering | None:
    """The task of a member by its role on the ledger; None when facts ask nothing of it. `roles`
    are those of all members now; `views` what is kept for the pages.
    """
    if role == "toeslagen":
        return DeriveChanges(member, rules, load_pay_calendars().get(CALENDAR), roles)
    if role == "municipality":
        return PlanChanges(member, load_pay_calendars(), rules, roles, views)
    return None


class DeriveChanges:
    """On the node of Toeslagen: the decisions that changed facts ask for, their claims, and reports
    back to a source whose facts exclude each other.
    """

    def __init__(
        self,
        member: str,
        rules: NodeRules,
        calendar: PayerCalendar,
        roles: Callable[[], Mapping[str, str]],
    ) -> None:
        self._member = member
        self._roles = roles
        self._rules = rules
        self._calendar = calendar
        self._circles = FreshCircles()

    def __call__(
        self, facts: Facts, changed: Sequence[SubjectId], today: date
    ) -> Sequence[RecordDraft]:
        """The drafts of new decisions, by applicant, scheme and year; claims follow the recorded
        decisions, a round later.
        """
        circles = self._circles.of(facts)
        rulebook = self._rules.rulebook(facts)
        if OWN in changed:  # rules were released or recalled: everybody may be touched
            changed = facts.subjects()
        found = decisions_for(circles, changed, today=today, rulebook=rulebook)
        decisions = [
            outcome.draft
            for _, outcomes in sorted(found.items())
            for outcome in outcomes
            if outcome.draft is not None
        ]
        claims = claims_for(
            circles, {*changed, *found}, today=today, calendar=self._calendar,
            rulebook=rulebook,
        )  # fmt: skip
        reports = reports_for(
            circles, changed, sources=self._roles(), author=self._member, today=today
        )
        return [*decisions, *claims, *reports]


class PlanChanges:
    """On the node of a municipality: the plans that changed facts ask for."""

    def __init__(
        self,
        member: str,
        calendars: PayCalendars,
        rules: NodeRules,
        roles: Callable[[], Mapping[str, str]],
        views: ViewStore,
    ) -> None:
        self._roles = roles
        self._views = views
        self._naming = Naming(member=member, names={})
        self._calendars = calendars
        self._rules = rules
        self._circles = FreshCircles()

    def __call__(
        self, facts: Facts, changed: Sequence[SubjectId], today: date
    ) -> Sequence[RecordDraft]:
        """The drafts of new plans, by household, party and person.

        What the pages kept of anybody near is dropped: they work it out anew.
        """
        circles = self._circles.of(facts)
        if OWN in changed:  # rules were released or recalled: every amount may be explained anew
            self._views.drop(sorted(facts.subjects()))
        self._views.drop(sorted({*changed, *circles.near(changed)[1]}))
        found = plans_for(
            circles,
            changed,
            naming=self._naming,
            today=today,
            calendars=self._calendars,
            rulebook=self._rules.rulebook(facts),
        )
        drafts = [draft for _, outcome in sorted(found.items()) for draft in outcome.all_drafts()]
        ended = plans_ended(
            circles, changed, naming=self._naming, today=today, members=self._roles()
        )
        return [*drafts, *ended]
