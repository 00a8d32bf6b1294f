"""One invented household as a node knows it, for tests of «what if»; amounts are its own facts."""

from __future__ import annotations

from datetime import date

from node.answering import rulebook
from node.households import Circles
from node.whatif.compare import Comparison, Effect, compare
from node.whatif.suppositions import Suppositions
from specs.records import (
    BIRTH,
    INCOME_BEGUN,
    INCOME_STATED,
    KINDERBIJSLAG_SET,
    MOVED_WITHIN,
    RENT_SET,
    STATED,
    Address,
    Birth,
    IncomeRelation,
    IncomeStatement,
    Move,
    PersonRef,
    RecordData,
    RecordDraft,
    Recurring,
    Statement,
)
from specs.values import Month
from tests.household_facts import Book

ANN = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
KIM = PersonRef(bsn="999990482", birth_date=date(2017, 12, 20), surname="Moulin")
WHO = "999993653"
HERE = Address(municipality="0344", postcode="3511AA", number="1")
NEW_YEAR = date(2026, 1, 1)


class Family:
    """Ann, living alone; told fact by fact."""

    def __init__(self, *, income: int | None = None, insured: bool = True) -> None:
        self.book = Book()
        self.tell("gm0344", MOVED_WITHIN, Move(person=ANN, address=HERE), date(2020, 1, 1))
        self.statement("assets", 0, 2026)
        if insured:
            self.statement("insured", 1)
        if income is not None:
            self.statement("expected_income", income, 2026)

    def tell(self, author: str, kind: str, data: RecordData, since: date) -> None:
        draft = RecordDraft(type=kind, source_event_id=f"{kind} {len(self.book.facts)}", data=data,
                            valid_from=since)  # fmt: skip
        self.book.add(author, [draft])

    def statement(self, fact: str, value: int, year: int | None = None) -> None:
        data = Statement(person=ANN, fact=fact, value=value, year=year)  # type: ignore[arg-type]
        self.tell("gm0344", STATED, data, NEW_YEAR)

    def child(self) -> Family:
        """Kim, with kinderbijslag."""
        born = KIM.birth_date
        assert born is not None
        self.tell("gm0344", BIRTH, Birth(person=KIM, parents=(ANN,), address=HERE), born)
        paid = Recurring(person=ANN, flow="kb", kind="kinderbijslag", direction="in", party="svb",
                         amount_cents=35_830, every="quarter", calendar="kinderbijslag",
                         covers="previous_quarter")  # fmt: skip
        self.tell("svb", KINDERBIJSLAG_SET, paid, NEW_YEAR)
        return self

    def rent(self, cents: int, since: date = NEW_YEAR) -> Family:
        data = Recurring(
            person=ANN, flow="huur-1", kind="rent", direction="out", party="woonstad",
            amount_cents=cents, every="month", day=1, bare_rent_cents=cents,
            service_costs_cents=0, independent_home=True,
        )  # fmt: skip
        self.tell("woonstad", RENT_SET, data, since)
        return self

    def income(self, kind: str, cents: int, months: int = 2) -> Family:
        """An income relation of so much a month, told for the first months of 2026."""
        relation = IncomeRelation(person=ANN, relation="r1", payer="UWV", kind=kind,
                                  source_code="33")  # fmt: skip
        self.tell("uwv", INCOME_BEGUN, relation, NEW_YEAR)
        for number in range(1, months + 1):
            month = Month(2026, number)
            data = IncomeStatement(
                person=ANN, relation="r1", payer="UWV", kind=kind, source_code="33",
                period_start=month.first_day, period_end=month.last_day, taxable_cents=cents,
            )  # fmt: skip
            self.tell("uwv", INCOME_STATED, data, month.first_day)
        return self

    def compare(self, supposed: Suppositions) -> Comparison:
        facts, _ = Circles(self.book).near([WHO])
        return compare(facts, WHO, supposed, rulebook())


def effect(compared: Comparison, scheme: str) -> Effect:
    return next(one for one in compared.effects if one.scheme == scheme)


def runs(compared: Comparison, scheme: str, *, after: bool) -> list[tuple[int, int, int | None]]:
    """Months of equal amounts: first, last, cents a month (as in tests/cases/life_events.yaml)."""
    found: list[tuple[int, int, int | None]] = []
    for month, pair in sorted(effect(compared, scheme).months.items()):
        cents = pair.after if after else pair.before
        if found and found[-1][2] == cents:
            found[-1] = (found[-1][0], month.month, cents)
        else:
            found.append((month.month, month.month, cents))
    return found
