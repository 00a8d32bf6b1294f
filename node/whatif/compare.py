"""Every allowance as it stands and as it would be, by month: both derived by the same rules.

Pure. A difference is given only where both amounts are known; where one is not, the reason is the
law's own: which fact is missing, and by which article.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from node.whatif.benefits import Benefit, changed_by
from node.whatif.suppose import Telling, supposed_facts, wages
from node.whatif.suppositions import Suppositions
from scheduler.derivation import Derivation
from scheduler.derive import derive_all
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text, Unknown
from scheduler.folding.persons import Household
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.records import KINDERBIJSLAG_SET, AllowanceDecision, PersonRef, Recurring
from specs.values import Month, months_of_year

SCHEMES: Final = (
    "zorgtoeslag",
    "huurtoeslag",
    "kindgebonden_budget",
    "kinderopvangtoeslag",
    "kinderbijslag",
)
BY_QUARTER: Final = frozenset({"kinderbijslag"})
BENEFIT_SCHEMES: Final[Mapping[str, str]] = {"ww": "ww", "bijstand": "bijstand"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One month's amount as it stands and as it would be, in cents; None is not known."""

    before: int | None
    after: int | None

    @property
    def difference(self) -> int | None:
        """What it would be more; None when either is not known."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One scheme in one year, by month (by the first month of a quarter where the law has those).

    `because` says what is missing, with its article, when an amount is not known.
    """

    scheme: str
    months: Mapping[Month, Pair]
    because: Text | None
    article: str | None
    secondary: bool

    @property
    def by_quarter(self) -> bool:
        return self.scheme in BY_QUARTER

    @property
    def known(self) -> bool:
        """Whether both amounts are known in every month."""
        return all(pair.difference is not None for pair in self.months.values())

    @property
    def out_of_sight(self) -> bool:
        """Whether the suppositions make an amount unknown that is known now."""
        return any(pair.before is not None and pair.after is None for pair in self.months.values())

    def sum_of(self, months: Iterable[Month]) -> int:
        """The known differences of some months together."""
        pairs = (self.months.get(month) for month in months)
        return sum(pair.difference or 0 for pair in pairs if pair is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All schemes in the year of the suppositions, with what changes beside them."""

    supposed: Suppositions
    effects: tuple[Effect, ...]
    benefits: tuple[Benefit, ...]  # that change
    benefit_reasons: tuple[tuple[Text, str], ...]  # why what is left of them is not known
    gross: Mapping[SubjectId, int]  # more wage in the year before tax, by person
    facts: tuple[Fact, ...]  # of the supposed household, for its plan
    derived: Mapping[str, Derivation]  # of the supposed household

    @property
    def year(self) -> int:
        return self.supposed.start.year


def compare(
    facts: Sequence[Fact], applicant: SubjectId, supposed: Suppositions, rulebook: Rulebook
) -> Comparison:
    """Derive the applicant's schemes as known and as supposed. `facts` are those around him."""
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    year = supposed.start.year
    benefits = changed_by(told, applicant, supposed)
    before = derive_all(fold(told, applicant, None), year, rulebook, SCHEMES)
    then = supposed_facts(told, applicant, supposed, benefits)
    after = derive_all(_folded(then, applicant, supposed, benefits), year, rulebook, SCHEMES)
    if supposed.child is not None:
        then = [*then, *_kinderbijslag(then, applicant, before, after)]
        after = derive_all(_folded(then, applicant, supposed, benefits), year, rulebook, SCHEMES)
    return Comparison(
        supposed=supposed,
        effects=tuple(_effect(before[scheme], after[scheme]) for scheme in SCHEMES),
        benefits=benefits,
        benefit_reasons=_reasons(then, supposed, benefits, rulebook),
        gross={who: sum(p.year_cents for p in parts) for who, parts in wages(supposed).items()},
        facts=tuple(then),
        derived=after,
    )


def _folded(
    facts: Sequence[Fact],
    applicant: SubjectId,
    supposed: Suppositions,
    benefits: Sequence[Benefit],
) -> Household:
    """The supposed household; an income with a benefit of which nobody knows what is left is
    unknown from the year of the suppositions on.
    """
    household = fold(facts, applicant, None)
    if supposed.remaining is not None or not benefits:
        return household
    persons = dict(household.persons)
    for benefit in benefits:
        person = persons.get(benefit.who)
        if person is not None:
            income = {**person.income, supposed.start.year: benefit.unknown()}
            persons[benefit.who] = replace(person, income=income)
    return replace(household, persons=persons)


def _effect(before: Derivation, after: Derivation) -> Effect:
    months = {
        month: Pair(before=_cents(before, month), after=_cents(after, month))
        for month in months_of_year(before.year)
        if month in before.months or month in after.months
    }
    because = article = None
    for derivation in (after, before):
        for amount in derivation.months.values():
            if because is None and amount.status == "unknown":
                because, article = amount.because, amount.article
    return Effect(
        scheme=before.scheme,
        months=months,
        because=because,
        article=article,
        secondary="secondary" in (before.confidence, after.confidence),
    )


def _cents(derivation: Derivation, month: Month) -> int | None:
    amount = derivation.months.get(month)
    return None if amount is None or amount.status == "unknown" else amount.cents


def _reasons(
    facts: Sequence[Fact],
    supposed: Suppositions,
    benefits: Sequence[Benefit],
    rulebook: Rulebook,
) -> tuple[tuple[Text, str], ...]:
    """What is missing to compute what is left of each benefit: by the law where its rules are here,
    else that only its payer knows.
    """
    found: list[tuple[Text, str]] = []
    for benefit in benefits:
        missing: Unknown = benefit.unknown()
        scheme = BENEFIT_SCHEMES.get(benefit.kind)
        if scheme is not None:
            derived = derive_all(
                fold(facts, benefit.who, None), supposed.start.year, rulebook, [scheme]
            )[scheme]
            if derived.because is not None and derived.article is not None:
                both = Text(
                    f"{missing.missing.nl} {derived.because.nl}",
                    f"{missing.missing.en} {derived.because.en}",
                )
                missing = replace(missing, missing=both)
        found.append((missing.missing, missing.article))
    return tuple(dict.fromkeys(found))


def _kinderbijslag(
    facts: Sequence[Fact],
    applicant: SubjectId,
    before: Mapping[str, Derivation],
    after: Mapping[str, Derivation],
) -> list[Fact]:
    """What the SVB would decide for the child: the difference by quarter, as derived. It is asked
    for and granted, so the child counts for the kindgebonden budget too (WKB 2 lid 1).
    """
    told = Telling(facts)
    decided = [fact for fact in known_facts(facts, None) if fact.type == KINDERBIJSLAG_SET]
    receiver = decided[-1].subjects["person"] if decided else applicant
    was, becomes = before["kinderbijslag"], after["kinderbijslag"]
    last = 0
    for quarter in sorted(becomes.months):
        old, new = _cents(was, quarter), _cents(becomes, quarter)
        if old is None or new is None or new - old == last:
            continue
        last = new - old
        data = Recurring(
            person=PersonRef(bsn=None, birth_date=None, surname="-"), flow="kinderbijslag-nieuw",
            kind="kinderbijslag", direction="in", party="svb", amount_cents=max(0, last),
            every="quarter", calendar="kinderbijslag", months=(1, 4, 7, 10),
            covers="previous_quarter", ended=last <= 0,
        )  # fmt: skip
        told.add(KINDERBIJSLAG_SET, data, {"person": receiver}, quarter.first_day, author="svb")
    return told.facts
