"""From a household to amounts: one scheme, one calendar year, with the trace behind each cent.

Per month: the version in force, the inputs its notions supply, its conditions, its formulas. Equal
months are computed once. Then the award of the year, where the law has one (Awir 14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scheduler.compiling.program import SUM_OF_MONTHS, Program, Step, Version
from scheduler.compiling.trace import Values, names_behind, sentence_of, trace_of
from scheduler.derivation import Derivation, Disclosed, Made, MonthAmount, Status, TraceStep
from scheduler.errors import RuleError
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.folding.persons import Household
from scheduler.rulebook import Rulebook, digest_of_versions
from scheduler.schemes import ANEW, BY_FIRST_DAY, BY_INCOME, BY_MONTH, INPUTS
from scheduler.schemes.toeslagen import YearView
from specs.values import Month

NOT_DISCLOSED: Final = Unknown(
    missing=Text("Dit gegeven staat niet in het dossier.", "This fact is not in the file."),
    article="",
)
NOTHING: Final = Text("Uw recht is nul met deze gegevens.", "Your right is zero with these data.")


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """What one version gives for one set of inputs, in the months in which they hold."""

    version: Version | None  # None: no version in force
    amount: MonthAmount
    part: int  # what the month adds to the award of the year, cents over `scale`
    scale: int
    months: list[Month]
    told: tuple[str, ...] = ()  # records that say why it is unknown
    wanted: tuple[Step, ...] = ()  # what the trace shows
    failed: Step | None = None  # the condition that did not hold
    values: Values | None = None  # what went in

    def records(self) -> tuple[str, ...]:
        """Ids of the records behind it: of a condition that failed those behind that one."""
        if self.values is None:
            return self.told
        if self.failed is not None:
            return self.values.records_of(self.failed.needs)
        found = self.values.records()
        return merge_records(self.told, found) if self.told else found


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
    view: YearView,
    scheme: str,
    rulebook: Rulebook,
    *,
    traced: bool = True,
    every_month: bool = False,
) -> Derivation:
    """The same for a household already looked at through its year.

    `every_month` looks at each month anew, also where no date of the household lies; the answer is
    the same (a property test holds it so).
    """
    if scheme not in INPUTS:
        raise RuleError(f"no scheme {scheme!r}; known: {', '.join(sorted(INPUTS))}")
    found: list[_Outcome] = []
    done: list[_Outcome] = []
    moved = False  # whether anything may differ since the last month looked at
    anew = every_month or (scheme in BY_MONTH and BY_MONTH[scheme](view))
    by_calendar, changes = ANEW.get(scheme, ()), _changes(view, scheme)
    for month, version in rulebook.of_year(scheme, view.year):
        if isinstance(version, Unknown):
            found.append(_unknown(None, version, month))
            continue
        moved = moved or changes[month.month - 1] or month.month in by_calendar
        if month.month % 3 != 1 and version.file.period == "quarter":
            continue
        if not (anew or moved) and found and found[-1].version is version:
            found[-1].months.append(month)
            continue
        moved = False
        found.append(_look(view, scheme, version, month, done))
    distinct = list({id(each): each for each in found}.values())
    estimate = _estimate(view.household, view.year, [each.version for each in distinct])
    return _year(scheme, view.year, distinct, traced=traced, estimate=estimate)


def _changes(view: YearView, scheme: str) -> tuple[bool, ...]:
    """Per month, whether the inputs of a scheme may differ from the month before."""
    if scheme in BY_FIRST_DAY:
        return view.first_day_changes
    return view.income_changes if scheme in BY_INCOME else view.changes


def derive_again(
    scheme: str, year: int, disclosed: Iterable[Disclosed], rulebook: Rulebook, *, estimate: bool
) -> Derivation:
    """The same cents from disclosed inputs alone, without a household; raises RuleError for a rule
    that the rulebook does not hold.
    """
    found: list[_Outcome] = []
    for block in disclosed:
        version = rulebook.version(block.rule)
        told: dict[str, Value[int]] = dict.fromkeys(version.month.inputs, NOT_DISCLOSED)
        told.update((one.name, Known(value=one.value, records=one.records)) for one in block.given
                    if one.name in told)  # fmt: skip
        outcome = _month(version, Values(version.month, told))
        outcome.months.extend(block.months)
        found.append(outcome)
    return _year(scheme, year, found, traced=True, estimate=estimate)


def _look(
    view: YearView,
    scheme: str,
    version: Version,
    month: Month,
    done: list[_Outcome],
) -> _Outcome:
    """The outcome of one month; equal inputs under one version share one outcome."""
    reason = _not_calculable(view.household, version, month)
    if reason is not None:
        return _unknown(version, reason, month)
    values = Values(version.month, INPUTS[scheme](view, month))
    for outcome in done:
        if (
            outcome.version is version
            and outcome.values is not None
            and outcome.values.same(values)
        ):
            break
    else:
        outcome = _month(version, values)
        done.append(outcome)
    outcome.months.append(month)
    return outcome


def _not_calculable(household: Household, version: Version, month: Month) -> Unknown | None:
    """A version without figures, or a household abroad."""
    if version.file.unavailable is not None:
        says = version.file.unavailable
        return Unknown(missing=Text(says.nl, says.en), article=version.file.article.text)
    for spell in household.abroad:
        if spell.holds(month.first_day):
            return replace(spell.value, records=spell.records)
    return None


def _unknown(version: Version | None, reason: Unknown, *months: Month) -> _Outcome:
    amount = MonthAmount(status="unknown", cents=0, because=reason.missing, article=reason.article)
    return _Outcome(version=version, amount=amount, part=0, scale=1, told=reason.records,
                    months=list(months))  # fmt: skip


def _month(version: Version, values: Values) -> _Outcome:
    """Conditions first: one that fails ends it; a missing input that is needed stops it."""
    unknown: Unknown | None = None
    ends, slots, complete = version.ends, values.slots, values.complete
    assert ends is not None
    for step in version.month.conditions:
        missing = None if complete else values.missing(step.needs)
        if missing is not None:
            unknown = unknown or missing
        elif not slots[step.slot]:
            return _no_right(version, values, step)
    if not complete:
        unknown = unknown or values.missing(ends.needs)
        if unknown is not None:
            outcome = _unknown(version, unknown)
            outcome.values = values
            return outcome
    cents = slots[ends.output.slot]
    part = 0 if ends.part is None else slots[ends.part.slot]
    if cents == 0 and part == 0:
        amount = MonthAmount(status="no_right", cents=0, because=NOTHING,
                             article=version.file.article.text)  # fmt: skip
    else:
        amount = MonthAmount(status="ok", cents=cents)
    wanted = ends.wanted
    if ends.shown is not None and values.missing(ends.shown.needs) is None:
        wanted = (*wanted, ends.shown)
    return _Outcome(
        version=version, amount=amount, part=part, months=[], wanted=wanted, values=values,
        scale=1 if ends.part is None else ends.part.typed.scale,
    )  # fmt: skip


def _no_right(version: Version, values: Values, failed: Step) -> _Outcome:
    because = sentence_of(version, values, failed)
    amount = MonthAmount(
        status="no_right", cents=0, because=because, article=failed.spec.article.text
    )
    return _Outcome(
        version=version, amount=amount, part=0, scale=1, months=[], wanted=(failed,), failed=failed,
        values=values,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Award:
    """The award of the year, and the reason when the law gives nothing after all."""

    version: Version
    program: Program
    total: int  # of what the months add, over the scale of the program's input
    cents: int
    failed: tuple[Text, str] | None

    def trace(self) -> tuple[TraceStep, ...]:
        assert self.version.file.year_output is not None
        wanted = (self.program.step(self.version.file.year_output), *self.program.conditions)
        return trace_of(
            self.version, _of_year(self.program, self.total), wanted, program=self.program
        )


def _of_year(program: Program, total: int) -> Values:
    return Values(program, {SUM_OF_MONTHS: Known(value=total)})


def _year(
    scheme: str, year: int, outcomes: Sequence[_Outcome], *, traced: bool, estimate: bool
) -> Derivation:
    amounts = [outcome.amount for outcome in outcomes]
    used = list({id(outcome.version): outcome.version for outcome in outcomes
                 if outcome.version is not None}.values())  # fmt: skip
    status = _status(amounts)
    yearly = [version for version in used if version.year is not None]
    award = _award(yearly[-1], outcomes) if yearly and status != "unknown" else None
    cents = None if award is None else award.cents
    if award is not None and award.failed is not None:
        cents, status, failed = 0, "no_right", award.failed
        amounts = [_nothing_after_all(amount, *failed) for amount in amounts]
    because, article = _reason(status, amounts)
    pairs = [(month, amount) for outcome, amount in zip(outcomes, amounts, strict=True)
             for month in outcome.months]  # fmt: skip
    pairs.sort(key=_month_of)
    return Derivation(
        scheme=scheme, year=year, status=status, award_year_cents=cents,
        months=dict(pairs), because=because, article=article, estimate=estimate,
        trace=Made(lambda: _join_trace(outcomes, award)) if traced else (),
        confidence="secondary" if any(map(_uses_secondary, outcomes)) else "primary",
        input_records=Made(lambda: _records_of(outcomes)), rule_digest=digest_of_versions(used),
        disclosed=Made(lambda: tuple(_disclosed(each) for each in outcomes if each.values)),
    )  # fmt: skip


def _month_of(pair: tuple[Month, MonthAmount]) -> int:
    return pair[0].month


def _records_of(outcomes: Sequence[_Outcome]) -> tuple[str, ...]:
    return merge_records(*(outcome.records() for outcome in outcomes))


def _disclosed(outcome: _Outcome) -> Disclosed:
    assert outcome.version is not None
    assert outcome.values is not None
    rule = outcome.version.file.rule
    return Disclosed(rule=rule, months=tuple(outcome.months), given=outcome.values.given())


def _uses_secondary(outcome: _Outcome) -> bool:
    """Whether a figure from a secondary source stands behind an amount (A1)."""
    version, values = outcome.version, outcome.values
    if version is None or values is None or not version.secondary or not outcome.wanted:
        return False
    return bool(version.secondary & names_behind(version, values, outcome.wanted))


def _award(version: Version, outcomes: Iterable[_Outcome]) -> _Award:
    program = version.year
    assert program is not None
    assert version.file.year_output is not None
    scale = program.typed_inputs[SUM_OF_MONTHS].scale
    total = 0
    for outcome in outcomes:
        scaled, rest = divmod(outcome.part * len(outcome.months) * scale, outcome.scale)
        assert rest == 0, "a month adds a value over the scale of its step"
        total += scaled
    low, high = program.lows[0], program.highs[0]
    assert low <= total <= high, "twelve months within their bounds add up within the year's"
    slots = program.run([total])
    failed: tuple[Text, str] | None = None
    for step in program.conditions:
        if total > 0 and failed is None and not slots[step.slot]:
            values = _of_year(program, total)
            said = trace_of(version, values, [step], program=program)[-1].says
            failed = (said, step.spec.article.text)
    return _Award(
        version=version, program=program, total=total, failed=failed,
        cents=slots[program.step(version.file.year_output).slot],
    )  # fmt: skip


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


def _join_trace(outcomes: Iterable[_Outcome], award: _Award | None) -> tuple[TraceStep, ...]:
    """One block of steps per distinct outcome, with the months it holds for; then the year."""
    found: list[TraceStep] = []
    for outcome in outcomes:
        version, values, wanted = outcome.version, outcome.values, outcome.wanted
        if version is not None and values is not None and wanted:
            months = tuple(outcome.months)
            found.extend(trace_of(version, values, wanted, months=months))
    return tuple(found) if award is None else (*found, *award.trace())


def _estimate(household: Household, year: int, used: Iterable[Version | None]) -> bool:
    """Whether an income that counts is still an estimate (Awir 16 against 19)."""
    if not any(version is not None and version.by_income for version in used):
        return False
    incomes = (person.income.get(year) for person in household.persons.values())
    return any(isinstance(income, Known) and income.value.estimate for income in incomes)
