"""While a fact is contested, per month the more favourable of with and without it is paid (P6).

Pure. What is derived from each world of facts comes in as amounts by month; out come the amounts to
pay, the world each came from, and what would be due if every contest were lost. An amount that is
unknown in a world never wins and never loses: the known one is kept, and the month is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from scheduler.derivation import Derivation, Disclosed, Made, MonthAmount, Status, TraceStep
from scheduler.derive import derive, derive_again
from scheduler.folding.contests import cases, worlds_of
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text, merge_records
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.values import Month

Amounts: TypeAlias = Mapping[Month, int | None]  # cents; None: unknown

HELD_BY_DECISION: Final = Text(
    "Dit bedrag blijft staan zolang uw bezwaar loopt.",
    "This amount stays while your objection is being handled.",
)
HELD_ARTICLE: Final = "Algemene wet bestuursrecht, artikel 6:4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourable:
    """What to pay for one scheme and year while contests are open.

    `chosen` is the world of each month; `if_lost` the amount as recorded where it is another one;
    `unsure` the months of which some world tells no amount.
    """

    cents: Amounts
    chosen: Mapping[Month, int]
    if_lost: Mapping[Month, int]
    unsure: tuple[Month, ...]


def favourable(worlds: Sequence[Amounts], floor: Mapping[Month, int]) -> Favourable:
    """Per month the highest known amount of all worlds, of equal ones that of the first world.

    `floor` is what stood before a contested decision: it stays. The first world is as recorded.
    """
    cents: dict[Month, int | None] = {}
    chosen: dict[Month, int] = {}
    if_lost: dict[Month, int] = {}
    unsure: list[Month] = []
    for month in sorted({month for world in worlds for month in world}):
        best: int | None = None
        for place, world in enumerate(worlds):
            amount = world.get(month)
            if amount is not None and (best is None or amount > best):
                best, chosen[month] = amount, place
        if any(world.get(month) is None for world in worlds):
            unsure.append(month)
        if best is not None:
            best = max(best, floor.get(month, 0))
        cents[month] = best
        lost = worlds[0].get(month)
        if best is not None and lost is not None and lost != best:
            if_lost[month] = lost
    return Favourable(cents=cents, chosen=chosen, if_lost=if_lost, unsure=tuple(unsure))


def joined(
    derivations: Sequence[Derivation],
    found: Favourable,
    rulebook: Rulebook,
    floor: Mapping[Month, int],
) -> Derivation:
    """One derivation whose months come each from the world that is paid, with its trace and inputs.

    The award of the year is reckoned from the months of all worlds together (Awir 14).
    """
    first = derivations[0]
    used = sorted({0, *found.chosen.values()})
    if used == [0] and not floor:
        return first
    world_of = {month: found.chosen.get(month, 0) for month in first.months}
    months = {
        month: _floored(derivations[place].months[month], floor.get(month, 0))
        for month, place in world_of.items()
    }
    disclosed = tuple(
        block
        for place in used
        for each in derivations[place].disclosed
        for block in _only(each, {month for month in world_of if world_of[month] == place})
    )
    status = _status(months)
    whole = sum(len(block.months) for block in disclosed) == len(months)
    award = None
    if status != "unknown" and whole and not floor:
        award = derive_again(
            first.scheme, first.year, disclosed, rulebook, estimate=True
        ).award_year_cents
    reason = next((each for each in months.values() if each.status == status != "ok"), None)
    return replace(
        first,
        status=status,
        award_year_cents=award,
        months=months,
        trace=Made(lambda: _trace(derivations, world_of)),
        because=None if reason is None else reason.because,
        article=None if reason is None else reason.article,
        estimate=True,
        confidence="secondary"
        if any(derivations[place].confidence == "secondary" for place in used)
        else "primary",
        input_records=merge_records(*(derivations[place].inputs for place in used)),
        disclosed=disclosed,
    )


def derive_favourable(
    facts: Iterable[Fact],
    applicant: SubjectId,
    scheme: str,
    year: int,
    rulebook: Rulebook,
    known_on: int | None = None,
) -> Derivation:
    """What is paid as known at a ledger index (None = all): with every open contest held."""
    known = [fact for fact in facts if known_on is None or fact.known <= known_on]
    derivations = [
        derive(fold(world, applicant, known_on), scheme, year, rulebook)
        for world in worlds_of(known, cases(known)).worlds
    ]
    amounts: list[Amounts] = [
        {
            month: None if amount.status == "unknown" else amount.cents
            for month, amount in derivation.months.items()
        }
        for derivation in derivations
    ]
    return joined(derivations, favourable(amounts, {}), rulebook, {})


def _floored(amount: MonthAmount, floor: int) -> MonthAmount:
    if amount.status == "unknown" or amount.cents >= floor:
        return amount
    return MonthAmount(status="ok", cents=floor, because=HELD_BY_DECISION, article=HELD_ARTICLE)


def _only(block: Disclosed, months: set[Month]) -> tuple[Disclosed, ...]:
    kept = tuple(month for month in block.months if month in months)
    return (replace(block, months=kept),) if kept else ()


def _status(months: Mapping[Month, MonthAmount]) -> Status:
    found = {amount.status for amount in months.values()}
    if "unknown" in found or not found:
        return "unknown"
    return "ok" if "ok" in found else "no_right"


def _trace(
    derivations: Sequence[Derivation], world_of: Mapping[Month, int]
) -> tuple[TraceStep, ...]:
    """The steps of each month in the world it comes from; no world tells those of the year."""
    steps = []
    for place, derivation in enumerate(derivations):
        for step in derivation.trace:
            months = tuple(month for month in step.months if world_of.get(month) == place)
            if months:
                steps.append(step._replace(months=months))
    return tuple(steps)
