"""A2: facts arriving late or in another order end in the same totals as on time and in order; and
what was known at an index does not change afterwards.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.derivation import Derivation
from scheduler.derive import derive, derive_view
from scheduler.documents.calc_document import parse
from scheduler.folding.facts import Fact
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from scheduler.schemes.toeslagen import YearView
from specs.records import (
    BIRTH,
    BRP_CORRECTED,
    DEATH,
    INCOME_ENDED,
    INCOME_STATED,
    KINDERBIJSLAG_SET,
    MOVED_WITHIN,
    STATED,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    Birth,
    Correction,
    Death,
    IncomeRelation,
    IncomeStatement,
    Move,
    PersonRef,
    RecordData,
    Recurring,
    Statement,
    Union,
)
from specs.values import Month

RULES = Rulebook.load()
BORN = {"a": date(1990, 5, 1), "b": date(1988, 7, 9), "k": date(2014, 3, 4), "m": date(2008, 4, 2)}
HOMES = (Address(postcode="3511AA", number="1"), Address(postcode="3511BB", number="2"))
REFS = {name: PersonRef(bsn=None, birth_date=day, surname=name) for name, day in BORN.items()}
A, B = REFS["a"], REFS["b"]

Piece = tuple[str, RecordData, dict[str, str], date]
adults, people = st.sampled_from(["a", "b"]), st.sampled_from(sorted(BORN))
days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
amounts = st.integers(0, 400_000)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """One fact of some kind about this family."""
    kind = draw(st.sampled_from(["move", "wage", "ended", "insured", "union", "divorce", "death",
                                 "assets", "partner"]))  # fmt: skip
    who, day = draw(adults), draw(days)
    one = {"person": who}
    if kind == "move":
        who = draw(people)
        move = Move(person=REFS[who], address=draw(st.sampled_from(HOMES)))
        return MOVED_WITHIN, move, {"person": who}, day
    if kind == "wage":
        month = Month.of(day)
        wage = IncomeStatement(person=REFS[who], relation=draw(st.sampled_from(["r", "s"])),
                               payer="p", kind="wage", source_code="15",
                               period_start=month.first_day, period_end=month.last_day,
                               taxable_cents=draw(amounts))  # fmt: skip
        return INCOME_STATED, wage, one, month.first_day
    if kind == "ended":
        ended = IncomeRelation(person=REFS[who], relation="r", payer="p", kind="wage",
                               source_code="15")  # fmt: skip
        return INCOME_ENDED, ended, one, day
    if kind in ("union", "divorce"):
        union = Union(persons=(A, B), kind="marriage",
                      reason="closed" if kind == "union" else "divorce")  # fmt: skip
        return (UNION_CLOSED if kind == "union" else UNION_DISSOLVED), union, {
            "persons.0": "a", "persons.1": "b"}, day  # fmt: skip
    if kind == "death":
        return DEATH, Death(person=B), {"person": "b"}, day
    if kind == "partner":
        stated = Statement(person=A, fact="toeslagpartner", value=draw(st.integers(0, 1)), other=B)
        return STATED, stated, {"person": "a", "other": "b"}, day
    if kind == "assets":
        assets = Statement(person=REFS[who], fact="assets", value=draw(amounts), year=2026)
        return STATED, assets, one, day
    insured = Statement(person=REFS[who], fact="insured", value=draw(st.integers(0, 1)))
    return STATED, insured, one, day


def base() -> list[Piece]:
    """What keeps most derivations from being unknown."""
    found: list[Piece] = []
    for name, day in BORN.items():
        named = {"person": name}
        parents: tuple[PersonRef, ...] = ()
        if name in ("k", "m"):
            parents = (A, B) if name == "k" else (A,)
            named |= {"parents.0": "a"} | ({"parents.1": "b"} if name == "k" else {})
        found.append(
            (BIRTH, Birth(person=REFS[name], parents=parents, address=HOMES[0]), named, day)
        )
    for name in ("a", "b"):
        one = {"person": name}
        found.append((STATED, Statement(person=REFS[name], fact="insured", value=1), one,
                      date(2020, 1, 1)))  # fmt: skip
        found.append((STATED, Statement(person=REFS[name], fact="assets", value=0, year=2026), one,
                      date(2020, 1, 1)))  # fmt: skip
        found.append((STATED, Statement(person=REFS[name], fact="expected_income", value=1_500_000,
                                        year=2026), one, date(2020, 1, 1)))  # fmt: skip
    kinderbijslag = Recurring(person=A, flow="kb", kind="kinderbijslag", direction="in",
                              party="SVB", amount_cents=1, every="quarter")  # fmt: skip
    found.append((KINDERBIJSLAG_SET, kinderbijslag, {"person": "a"}, date(2014, 4, 1)))
    return found


def distinct(extra: list[Piece]) -> list[Piece]:
    """One fact per subject, kind and day: two that say different things would replace each other
    by when they are known, which is what the source means by it.
    """
    seen: dict[tuple[object, ...], Piece] = {}
    for piece in extra:
        kind, data, named, day = piece
        what = getattr(data, "fact", getattr(data, "relation", ""))
        key = (kind, tuple(named.items()), what, Month.of(day) if kind == DEATH else day)
        seen[(kind,) if kind == DEATH else key] = piece
    return list(seen.values())


def facts(found: list[Piece]) -> list[Fact]:
    return [
        Fact(record=f"r{index:03d}", type=kind, data=data, subjects=named, valid_from=day,
             known=index, author="gm0344")
        for index, (kind, data, named, day) in enumerate(found)
    ]  # fmt: skip


def totals(found: list[Fact], known_on: int | None = None) -> list[Derivation]:
    household = fold(found, "a", known_on)
    return [derive(household, scheme, 2026, RULES)
            for scheme in ("zorgtoeslag", "kindgebonden_budget")]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(pieces(), max_size=25), st.randoms(use_true_random=False))
def test_a2_order_of_arrival_changes_nothing(extra: list[Piece], chance: random.Random) -> None:
    in_order = facts([*base(), *distinct(extra)])
    expected = totals(in_order)
    shuffled = list(in_order)
    chance.shuffle(shuffled)
    assert totals(shuffled) == expected
    late = [replace(fact, known=place) for place, fact in enumerate(shuffled)]
    assert totals(late) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dates(date(1950, 1, 1), date(2026, 12, 31)), min_size=4, max_size=4))
def test_birthdays_change_only_the_months_after_them(births: list[date]) -> None:
    document = {
        "year": 2026, "applicant": "p0", "partner": "p1", "children": ["p2"],
        "housemates": ["p3"], "childcare": [], "schemes": list(RULES.schemes),
        "home": {"independent": True, "bare_rent": 60000, "service_costs": 0},
        "persons": [
            {"id": f"p{place}", "birth_date": day.isoformat(), "income": None, "assets": None,
             "insured": True, "works": True, "relation": "other",
             "monthly_income": {"2026-02": 1000 * place, "2026-03": 1000, "2026-07": 1000},
             "aow_years": 50, "ww": None,
             "daily_benefit": {"day_wage": 9000, "per_day": 1000, "other_per_day": 0}}
            for place, day in enumerate(births)
        ],
    }  # fmt: skip
    request, problems = parse(document, RULES)
    assert request is not None, problems
    view = YearView(request.household, 2026)
    for scheme in RULES.schemes:
        assert derive_view(view, scheme, RULES) == derive_view(
            view, scheme, RULES, every_month=True
        )


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces(), max_size=25))
def test_months_without_a_date_repeat_the_month_before(extra: list[Piece]) -> None:
    view = YearView(fold(facts([*base(), *distinct(extra)]), "a"), 2026)
    for scheme in RULES.schemes:
        assert derive_view(view, scheme, RULES) == derive_view(
            view, scheme, RULES, every_month=True
        )


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces(), min_size=1, max_size=20), st.data())
def test_a2_what_was_known_then_stays_known_then(extra: list[Piece], data: st.DataObject) -> None:
    found = facts([*base(), *distinct(extra)])
    index = data.draw(st.integers(0, len(found) - 1))
    assert totals(found, index) == totals(found[: index + 1])


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces(), min_size=1, max_size=15), st.data())
def test_a2_a_corrected_fact_leaves_no_trace(extra: list[Piece], data: st.DataObject) -> None:
    found = facts([*base(), *distinct(extra)])
    wrong = data.draw(st.sampled_from(found[len(base()) :]))
    correction = Fact(record="zzz", type=BRP_CORRECTED, subjects={"person": "a"}, known=9999,
                      data=Correction(person=A, corrects=wrong.record, reason="wrong"),
                      valid_from=wrong.valid_from, author="gm0344")  # fmt: skip
    assert totals([*found, correction]) == totals([fact for fact in found if fact != wrong])
    assert totals([*found, correction], 9998) == totals(found)
