"""From a household to amounts: one scheme, one calendar year, with the trace behind each cent.

Per month: the version in force, the inputs its notions supply, its conditions, its formulas. Equal
months are computed once. Then the award of the year, where the law has one (Awir 14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from scheduler.derivation import Derivation, MonthAmount, Status, TraceStep
from scheduler.errors import RuleError
from scheduler.known import Known, Text, Unknown, merge_records
from scheduler.persons import Household
from scheduler.program import SUM_OF_MONTHS, Step, Version
from scheduler.rulebook import Rulebook, digest_of_versions
from scheduler.schemes import INPUTS
from scheduler.schemes.toeslagen import Inputs, YearView
from scheduler.trace import Values, trace_of
from specs.values import Month, months_of_year

INCOME: Final = "toetsingsinkomen"
NOTHING: Final = Text("Uw recht is nul met deze gegevens.", "Your right is zero with these data.")


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """What one version gives for one set of inputs, in the months in which they hold."""

    amount: MonthAmount
    part: Fraction  # what the month adds to the award of the year, cents
    records: tuple[str, ...]
    months: list[Month]
    behind: tuple[Version, Values, tuple[Step, ...]] | None = None  # what the trace shows


def derive(
    household: Household, scheme: str, year: int, rulebook: Rulebook, *, traced: bool = True
) -> Derivation:
    """Amounts, trace and status; raises RuleError for a scheme that does not exist.

    `traced` False leaves the trace empty: the amounts are the same.
    """
    return derive_view(YearView(household, year), scheme, rulebook, traced=traced)


def derive_all(
    household: Household, year: int, rulebook: Rulebook, schemes: Iterable[str] | None = None
) -> dict[str, Derivation]:
    """Several schemes of one household, which share what the year's notions compute."""
    view = YearView(household, year)
    wanted = rulebook.schemes if schemes is None else schemes
    return {scheme: derive_view(view, scheme, rulebook) for scheme in wanted}


def derive_view(
    view: YearView, scheme: str, rulebook: Rulebook, *, traced: bool = True
) -> Derivation:
    """The same for a household already looked at through its year."""
    if scheme not in INPUTS:
        raise RuleError(f"no scheme {scheme!r}; known: {', '.join(sorted(INPUTS))}")
    versions: dict[Month, Version] = {}
    outcomes: dict[Month, _Outcome] = {}
    done: dict[tuple[object, ...], _Outcome] = {}
    for month in months_of_year(view.year):
        version = rulebook.in_force(scheme, month)
        if isinstance(version, Unknown):
            outcomes[month] = _unknown(version)
            continue
        if version.file.period == "quarter" and month.month % 3 != 1:
            continue
        versions[month] = version
        reason = _not_calculable(view.household, version, month)
        if reason is not None:
            outcomes[month] = _unknown(reason)
            continue
        inputs = INPUTS[scheme](view, month)
        key = (version.file.digest, *(inputs[name] for name in version.month.inputs))
        if key not in done:
            done[key] = _month(version, inputs)
        outcomes[month] = done[key]
        done[key].months.append(month)
    return _year(view, scheme, versions, outcomes, traced=traced)


def _not_calculable(household: Household, version: Version, month: Month) -> Unknown | None:
    """A version without figures, or a household abroad."""
    if version.file.unavailable is not None:
        says = version.file.unavailable
        return Unknown(missing=Text(says.nl, says.en), article=version.file.article.text)
    for spell in household.abroad:
        if spell.holds(month.first_day):
            return replace(spell.value, records=spell.records)
    return None


def _unknown(reason: Unknown) -> _Outcome:
    amount = MonthAmount(status="unknown", cents=0, because=reason.missing, article=reason.article)
    return _Outcome(amount=amount, part=Fraction(0), records=reason.records, months=[])


def _month(version: Version, inputs: Inputs) -> _Outcome:
    """Conditions first: one that fails ends it; a missing input that is needed stops it."""
    program = version.month
    values = Values(program, inputs)
    unknown: Unknown | None = None
    for step in program.steps:
        if step.spec.kind == "condition":
            missing = values.missing(step.needs)
            if missing is not None:
                unknown = unknown or missing
            elif not values.value(step):
                return _no_right(version, values, step)
    output = program.step(version.file.month_output)
    needed = output.needs
    part_step = None if version.file.year_part is None else program.step(version.file.year_part)
    if part_step is not None:
        needed |= part_step.needs
    unknown = unknown or values.missing(needed)
    if unknown is not None:
        outcome = _unknown(unknown)
        outcome.records = merge_records(unknown.records, values.records())
        return outcome
    cents = values.value(output)
    part = Fraction(0)
    if part_step is not None:
        part = Fraction(values.value(part_step), part_step.typed.scale)
    nothing = cents == 0 and part == 0
    amount = MonthAmount(
        status="no_right" if nothing else "ok", cents=cents,
        because=NOTHING if nothing else None,
        article=version.file.article.text if nothing else None,
    )  # fmt: skip
    conditions = [step for step in program.steps if step.spec.kind == "condition"]
    wanted = (*conditions, output) if part_step is None else (*conditions, part_step, output)
    return _Outcome(amount=amount, part=part, records=values.records(), months=[],
                    behind=(version, values, wanted))  # fmt: skip


def _no_right(version: Version, values: Values, failed: Step) -> _Outcome:
    because = Text(failed.spec.says.nl, failed.spec.says.en)
    amount = MonthAmount(
        status="no_right", cents=0, because=because, article=failed.spec.article.text
    )
    return _Outcome(amount=amount, part=Fraction(0), records=values.records_of(failed.needs),
                    months=[], behind=(version, values, (failed,)))  # fmt: skip


def _year(
    view: YearView,
    scheme: str,
    versions: Mapping[Month, Version],
    outcomes: Mapping[Month, _Outcome],
    *,
    traced: bool,
) -> Derivation:
    months = {month: outcome.amount for month, outcome in outcomes.items()}
    distinct = list({id(outcome): outcome for outcome in outcomes.values()}.values())
    trace = _join_trace(distinct) if traced else ()
    award: int | None = None
    failed: tuple[Text, str] | None = None
    yearly = [version for version in versions.values() if version.year is not None]
    status = _status(months.values())
    if yearly and status != "unknown":
        award, year_trace, failed = _award(yearly[-1], outcomes.values())
        trace = (*trace, *year_trace) if traced else ()
    if failed is not None:
        award = 0
        months = {month: _nothing_after_all(amount, *failed) for month, amount in months.items()}
        status = "no_right"
    because, article = _reason(status, months.values())
    used = list({version.file.rule: version for version in versions.values()}.values())
    records = merge_records(*(outcome.records for outcome in distinct))
    return Derivation(
        scheme=scheme, year=view.year, status=status, award_year_cents=award, months=months,
        trace=trace, because=because, article=article,
        estimate=_estimate(view.household, view.year, used),
        confidence="secondary" if any(version.secondary for version in used) else "primary",
        inputs=records, rule_digest=digest_of_versions(used),
    )  # fmt: skip


def _award(
    version: Version, outcomes: Iterable[_Outcome]
) -> tuple[int, tuple[TraceStep, ...], tuple[Text, str] | None]:
    """The award of the year, its trace, and the reason when the law gives nothing after all."""
    program = version.year
    assert program is not None
    assert version.file.year_output is not None
    total = sum((outcome.part for outcome in outcomes), start=Fraction(0))
    scale = program.typed_inputs[SUM_OF_MONTHS].scale
    scaled = total * scale
    assert scaled.denominator == 1, "a month adds a value over the scale of its step"
    values = Values(program, {SUM_OF_MONTHS: Known(value=int(scaled))})
    output = program.step(version.file.year_output)
    conditions = [step for step in program.steps if step.spec.kind == "condition"]
    failed: tuple[Text, str] | None = None
    trace = trace_of(version, values, [output, *conditions], program=program)
    for step in conditions:
        if total > 0 and not values.value(step):
            said = next(item.says for item in trace if item.name == step.spec.name)
            failed = failed or (said, step.spec.article.text)
    return values.value(output), trace, failed


def _nothing_after_all(amount: MonthAmount, because: Text, article: str) -> MonthAmount:
    if amount.status != "ok":
        return amount
    return MonthAmount(status="no_right", cents=0, because=because, article=article)


def _status(amounts: Iterable[MonthAmount]) -> Status:
    found = {amount.status for amount in amounts}
    if "unknown" in found or not found:
        return "unknown"
    return "ok" if "ok" in found else "no_right"


def _reason(status: Status, amounts: Iterable[MonthAmount]) -> tuple[Text | None, str | None]:
    if status == "ok":
        return None, None
    for amount in amounts:
        if amount.status == status:
            return amount.because, amount.article
    return None, None


def _join_trace(outcomes: Iterable[_Outcome]) -> tuple[TraceStep, ...]:
    """One block of steps per distinct outcome, with the months it holds for."""
    found: list[TraceStep] = []
    for outcome in outcomes:
        if outcome.behind is not None:
            version, values, wanted = outcome.behind
            found.extend(trace_of(version, values, wanted, months=tuple(outcome.months)))
    return tuple(found)


def _estimate(household: Household, year: int, used: Sequence[Version]) -> bool:
    """Whether an income that counts is still an estimate (Awir 16 against 19)."""
    if not any(item.name == INCOME for version in used for item in version.file.inputs):
        return False
    incomes = (person.income.get(year) for person in household.persons.values())
    return any(isinstance(income, Known) and income.value.estimate for income in incomes)
