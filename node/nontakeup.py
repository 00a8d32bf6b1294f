"""Non-take-up: rights that the facts give and that nobody receives, with the step to take.

Pure, a read model for pages and the command line. A household is told what it misses, a node is
told counts and sums per scheme. Nobody is ranked, scored or compared (H1): households stand in the
order of their random ids. A right that a missing fact leaves open is no derived right: the pages
tell it where it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from node.decisions import SCHEMES, partner_in, standing_decision
from node.households import Circles, applications
from node.portal.calendar_words import scheme_words
from scheduler.derive import derive
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.records import KINDERBIJSLAG_SET, AllowanceDecision, Recurring
from specs.values import Month

Step = Literal["apply", "wait_for_decision"]
SCHEMES_LOOKED_AT: Final = (*SCHEMES, "huurtoeslag", "kinderopvangtoeslag", "kinderbijslag")
STEPS: Final[dict[Step, Text]] = {
    "apply": Text(
        "Vraag deze toeslag aan bij Dienst Toeslagen, of meld u aan voor één betaaldag.",
        "Apply for this allowance at Dienst Toeslagen, or join the one pay date.",
    ),
    "wait_for_decision": Text(
        "U heeft dit aangevraagd. Er is nog geen besluit. Vraag na bij Dienst Toeslagen.",
        "You have applied for this. There is no decision yet. Ask Dienst Toeslagen.",
    ),
}
KINDERBIJSLAG_STEP: Final = Text(
    "Vraag kinderbijslag aan bij de SVB.", "Apply for kinderbijslag at the SVB."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReceived:
    """One scheme and year of one person: the months with a right and no payment behind it."""

    person: SubjectId
    scheme: str
    year: int
    step: Step
    says: Text
    months: tuple[tuple[Month, int], ...]  # with cents
    shared_with: tuple[SubjectId | None, ...]  # per month the partner for whom it counts too
    records: tuple[str, ...]

    @property
    def cents(self) -> int:
        """What the facts give over these months."""
        return sum(cents for _, cents in self.months)


def not_received(
    facts: Sequence[Fact], person: SubjectId, *, today: date, rulebook: Rulebook
) -> tuple[NotReceived, ...]:
    """What one person has a right to this year and does not receive, by scheme.

    `facts` are those around him. A month that a partner receives is received.
    """
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    household = fold(told, person, None)
    asked = {one.applicant for one in applications(told)}
    found = []
    for scheme in SCHEMES_LOOKED_AT:
        derivation = derive(household, scheme, today.year, rulebook, traced=False)
        partners = {month: partner_in(household, month) for month in derivation.months}
        missed = []
        for month, amount in sorted(derivation.months.items()):
            whose = [who for who in (person, partners[month]) if who is not None]
            if amount.cents > 0 and not _received(facts, whose, scheme, month):
                missed.append((month, amount.cents))
        if missed:
            step = _step(asked=person in asked or partners[missed[-1][0]] in asked, scheme=scheme)
            found.append(
                NotReceived(
                    person=person, scheme=scheme, year=today.year, step=step,
                    says=_says(step, scheme), months=tuple(missed),
                    shared_with=tuple(partners[month] for month, _ in missed),
                    records=derivation.inputs,
                )
            )  # fmt: skip
    return tuple(found)


def counted(
    circles: Circles, persons: Iterable[SubjectId], *, today: date, rulebook: Rulebook
) -> dict[str, Any]:
    """The node's account: per scheme and step how many, and the cents of the year; per household
    by own id. A couple is told once.
    """
    schemes: dict[str, dict[str, int]] = {}
    households: list[dict[str, Any]] = []
    told: set[tuple[SubjectId, str, Month]] = set()
    for person in sorted(set(persons)):
        facts, _ = circles.near([person])
        found = not_received(facts, person, today=today, rulebook=rulebook)
        missed = [rest for one in found if (rest := _without(one, told)).months]
        for one in missed:
            counts = schemes.setdefault(one.scheme, dict.fromkeys((*STEPS, "cents"), 0))
            counts[one.step] += 1
            counts["cents"] += one.cents
            for (month, _), partner in zip(one.months, one.shared_with, strict=True):
                if partner is not None:
                    told.add((partner, one.scheme, month))
        if missed:
            households.append({"subject": person, "not_received": [as_json(one) for one in missed]})
    return {
        "year": today.year,
        "schemes": dict(sorted(schemes.items())),
        "households": households,
    }


def _without(one: NotReceived, told: Collection[tuple[SubjectId, str, Month]]) -> NotReceived:
    """Without the months that were told with the partner."""
    pairs = [
        (each, partner)
        for each, partner in zip(one.months, one.shared_with, strict=True)
        if (one.person, one.scheme, each[0]) not in told
    ]
    return replace(
        one,
        months=tuple(each for each, _ in pairs),
        shared_with=tuple(partner for _, partner in pairs),
    )


def as_json(one: NotReceived) -> dict[str, Any]:
    """As plain data, without anything that names the person."""
    return {
        "scheme": one.scheme,
        "year": one.year,
        "step": one.step,
        "says": {"nl": one.says.nl, "en": one.says.en},
        "months": {str(month): cents for month, cents in one.months},
        "cents": one.cents,
        "records": list(one.records),
    }


def _step(*, asked: bool, scheme: str) -> Step:
    return "wait_for_decision" if asked and scheme in SCHEMES else "apply"


def _says(step: Step, scheme: str) -> Text:
    if scheme == "kinderbijslag" and step == "apply":
        return KINDERBIJSLAG_STEP
    words, says = scheme_words(scheme), STEPS[step]
    return Text(f"{words.nl}: {says.nl}", f"{words.en}: {says.en}")


def _received(
    facts: Sequence[Fact], persons: Iterable[SubjectId], scheme: str, month: Month
) -> bool:
    """Whether a standing decision gives it to one of these, or a payer says that it pays it."""
    for person in persons:
        if scheme == "kinderbijslag":
            if _paid_kinderbijslag(facts, person, month):
                return True
            continue
        standing = standing_decision(facts, person, scheme, month.year)
        if standing is not None and month in standing.cents:
            return True
    return False


def _paid_kinderbijslag(facts: Sequence[Fact], person: SubjectId, month: Month) -> bool:
    """A statement of the SVB about a quarter that holds this month."""
    for fact in known_facts(facts, None):
        data = fact.data
        if fact.type != KINDERBIJSLAG_SET or not isinstance(data, Recurring) or data.ended:
            continue
        begun = fact.subject() == person and fact.valid_from <= month.first_day
        if begun and (fact.valid_until is None or month.first_day < fact.valid_until):
            return True
    return False
