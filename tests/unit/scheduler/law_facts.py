"""Facts about an invented family, for the tests of the law."""

from __future__ import annotations

from datetime import date

from scheduler.folding.facts import Fact
from specs.records import (
    BIRTH,
    DEATH,
    INCOME_BEGUN,
    INCOME_ENDED,
    INCOME_STATED,
    KINDERBIJSLAG_SET,
    MOVED_WITHIN,
    RENT_SET,
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

HERE = Address(municipality="0344", postcode="3511AA", number="1")
THERE = Address(municipality="0344", postcode="3511BB", number="2")
BORN = {
    "ann": date(1990, 5, 1), "bob": date(1988, 7, 9), "kim": date(2017, 12, 20),
    "lou": date(2026, 4, 12),
}  # fmt: skip


def ref(name: str) -> PersonRef:
    return PersonRef(bsn=None, birth_date=BORN[name], surname=name)


class Facts:
    """Collects facts; their places in the list are their places in the log."""

    def __init__(self) -> None:
        self.all: list[Fact] = []

    def add(self, kind: str, data: RecordData, day: date, **subjects: str) -> str:
        number = len(self.all)
        paths = {path.replace("_", "."): name for path, name in subjects.items()}
        author = "uwv" if kind.startswith("nl.polis") else "gm0344"
        self.all.append(
            Fact(record=f"r{number:03d}", type=kind, data=data, subjects=paths, valid_from=day,
                 known=number, author=author)
        )  # fmt: skip
        return f"r{number:03d}"

    def birth(self, who: str, *parents: str, born: date | None = None) -> str:
        if born is not None:
            BORN[who] = born
        data = Birth(person=ref(who), parents=tuple(map(ref, parents)), address=HERE)
        named = {f"parents_{index}": parent for index, parent in enumerate(parents)}
        return self.add(BIRTH, data, BORN[who], person=who, **named)

    def death(self, who: str, day: date) -> str:
        return self.add(DEATH, Death(person=ref(who)), day, person=who)

    def move(self, who: str, day: date, address: Address = THERE) -> str:
        return self.add(MOVED_WITHIN, Move(person=ref(who), address=address), day, person=who)

    def union(self, day: date, *, closed: bool = True) -> str:
        data = Union(persons=(ref("ann"), ref("bob")), kind="marriage",
                     reason="closed" if closed else "divorce")  # fmt: skip
        kind = UNION_CLOSED if closed else UNION_DISSOLVED
        return self.add(kind, data, day, persons_0="ann", persons_1="bob")

    def stated(self, who: str, fact: str, value: int, day: date, year: int | None = None) -> str:
        data = Statement(person=ref(who), fact=fact, value=value, year=year)  # type: ignore[arg-type]
        return self.add(STATED, data, day, person=who)

    def partner(self, yes: int, day: date) -> str:
        data = Statement(person=ref("ann"), fact="toeslagpartner", value=yes, other=ref("bob"))
        return self.add(STATED, data, day, person="ann", other="bob")

    def wage(self, who: str, month: str, cents: int, relation: str = "job") -> str:
        of = Month.parse(month)
        data = IncomeStatement(person=ref(who), relation=relation, payer="payer", kind="wage",
                               source_code="15", period_start=of.first_day, period_end=of.last_day,
                               taxable_cents=cents)  # fmt: skip
        return self.add(INCOME_STATED, data, of.first_day, person=who)

    def job(self, who: str, day: date, *, begun: bool = True, relation: str = "job") -> str:
        data = IncomeRelation(person=ref(who), relation=relation, payer="payer", kind="wage",
                              source_code="15")  # fmt: skip
        return self.add(INCOME_BEGUN if begun else INCOME_ENDED, data, day, person=who)

    def kinderbijslag(self, who: str, day: date) -> str:
        data = Recurring(person=ref(who), flow="kb", kind="kinderbijslag", direction="in",
                         party="svb", amount_cents=1, every="quarter")  # fmt: skip
        return self.add(KINDERBIJSLAG_SET, data, day, person=who)

    def rent(self, who: str, day: date, cents: int) -> str:
        data = Recurring(person=ref(who), flow="rent", kind="rent", direction="out",
                         party="woonstad", amount_cents=cents, every="month", day=1,
                         bare_rent_cents=cents, service_costs_cents=0,
                         independent_home=True)  # fmt: skip
        return self.add(RENT_SET, data, day, person=who)

    def take_back(self, record: str, kind: str, day: date) -> str:
        data = Correction(person=ref("ann"), corrects=record, reason="wrong at the source")
        return self.add(kind, data, day, person="ann")


def ann(income: int | None = 1_900_000, year: int = 2026) -> Facts:
    """One adult alone at an address, insured, without assets."""
    facts = Facts()
    facts.birth("ann")
    facts.stated("ann", "insured", 1, date(2008, 6, 1))
    facts.stated("ann", "assets", 0, date(year, 1, 1), year)
    if income is not None:
        facts.stated("ann", "expected_income", income, date(year, 1, 1), year)
    return facts


def bob(facts: Facts, income: int = 0, year: int = 2026) -> Facts:
    """A second adult at the same address, insured, without assets."""
    facts.birth("bob")
    facts.stated("bob", "insured", 1, date(2006, 8, 1))
    facts.stated("bob", "assets", 0, date(year, 1, 1), year)
    facts.stated("bob", "expected_income", income, date(year, 1, 1), year)
    return facts
