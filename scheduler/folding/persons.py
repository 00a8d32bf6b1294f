"""A household as the law looks at it: persons, who lives with whom, homes, income, all dated.

These are plain values. `fold` (household.py) makes them from facts, `calc_document.py` from a
document; the notions of law (partner.py, ages.py, schemes/) ask them questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeAlias

from scheduler.folding.known import Known, Spell, Text, Unknown, Value
from specs.values import Month

PersonId: TypeAlias = str
NOBODY_DIED: Final[Known[date | None]] = Known(value=None)
NOT_ADAPTED: Final = Known(value=False)

Relation = Literal["child", "family", "other", "commercial_tenant", "student"]
ChildcareKind = Literal["dagopvang", "bso", "gastouder"]
Exemption = Literal["n", "r", "y"]  # the letters of Pw 31 lid 2
ContradictionKind = Literal["two_addresses", "two_partners", "two_birth_dates", "two_death_dates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """One income relation in a year: known so far, and the rest as a stated projection, in cents.

    `rest_cents` is `each_cents` for each of `times` periods, or pro rata where a period is partly
    inside the relation; `holiday_cents` comes besides. `ends` is the first day without it.
    """

    kind: str  # as the statement says: wage, ww, pension, ...
    known_cents: int
    known_until: date | None
    ends: date | None
    rhythm: Literal["month", "four_weeks", "day"]
    each_cents: int
    times: int
    rest_cents: int
    holiday_cents: int

    @property
    def cents(self) -> int:
        return self.known_cents + self.rest_cents + self.holiday_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """The toetsingsinkomen of one calendar year in cents (Awir 8).

    `estimate` tells an expectation from a final amount; `how` states the projection in words and
    `parts` in data, one for each income relation.
    """

    cents: int
    estimate: bool
    how: Text
    parts: tuple[Projected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unemployment:
    """A WW benefit: first day, uncapped day wage, work history, earnings by month, in cents."""

    start: date
    day_wage: int
    years_before_2016: int
    years_from_2016: int
    four_of_five: bool  # 208 paid hours in four of the last five years (WW 42 lid 2)
    income: Mapping[Month, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBenefit:
    """A benefit that the Toeslagenwet supplements, in cents a day before tax."""

    day_wage: int
    per_day: int
    other_per_day: int  # other income of the household that counts (TW 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maatwerk:
    """*Maatwerk* (Pw 18 lid 1): what the municipality adds to the norm a month, or takes off, and
    why. The reason is the municipality's own sentence and comes back in the trace.
    """

    cents: int  # a month, below zero when taken off
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person. What is not in a mapping or outside every spell is unknown, never none."""

    id: PersonId
    birth_date: Value[date]
    death_date: Value[date | None] = NOBODY_DIED
    insured: tuple[Spell[bool], ...] = ()  # verzekerde by the Zvw
    income: Mapping[int, Value[Income]] = field(default_factory=dict)
    monthly_income: Mapping[Month, Value[int]] = field(default_factory=dict)  # received, cents
    assets: Mapping[int, Value[int]] = field(default_factory=dict)  # box 3 on 1 January, cents
    work: tuple[Spell[bool], ...] | None = None  # paid work; None: unknown, empty: none
    earned: Mapping[int, Value[int]] = field(default_factory=dict)  # from work in a year, cents
    earnings: Mapping[Month, Value[int]] = field(default_factory=dict)  # net pay in a month, cents
    exemptions: tuple[Spell[Exemption], ...] = ()  # of pay, granted by the municipality
    maatwerk: tuple[Spell[Maatwerk], ...] = ()
    institution: tuple[Spell[bool], ...] = ()  # stays in an institution (Pw 23)
    no_parents: bool = False  # 18 to 20 and parents cannot be asked (Pw 20 lid 3)
    intensive_care: bool = False  # a child with a Wlz or CIZ decision (AKW 7a)
    lives_away: bool = (
        False  # a child for whom double is decided as it lives elsewhere (AKW 7 lid 6)
    )
    paid_elsewhere: bool = False  # a child for whom another parent is paid kinderbijslag
    aow_years: Value[int] | None = None  # insured years, 0 to 50 (AOW 13)
    unemployment: Value[Unemployment | None] | None = None
    daily_benefit: Known[DailyBenefit] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A rented home; rents in cents a month."""

    independent: Value[bool]
    bare_rent: Value[int]
    service_costs: Value[int]
    adapted: Value[bool] = NOT_ADAPTED  # for a handicap, Wht 13 and 21
    earlier_allowance: bool = False  # huurtoeslag for this home before its rent passed the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Housemate:
    """Somebody who lives in the home and is neither applicant, partner nor child of the family."""

    person: PersonId
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Childcare:
    """Care of one child by one provider; hours a month, rate in cents an hour."""

    child: PersonId
    kind: ChildcareKind
    hours_per_month: int
    hourly_rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Facts about one person that exclude each other, from `start` up to, not including, `end`.

    `records` are the ids of all records that take part, sorted; in a node `person` is a subject id.
    """

    kind: ContradictionKind
    person: PersonId
    start: date | None
    end: date | None
    records: tuple[str, ...]
    says: Text
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """All that the schemes ask about one applicant, as known at one moment.

    `partners` holds the toeslagpartner by Awir 3 with real dates: a person, None (nobody), or
    Unknown; days outside every spell are unknown. The other lists are Unknown as a whole when
    nothing is known; an empty list says that there are none. `insecure` are spells in which the
    address is *in onderzoek*: schemes that need the address are unknown then. `abroad` are spells
    with an address in another country, which no scheme here covers. `together` tells when others
    are registered at the applicant's address, `home_children` which of them are own children
    (whatever is known on kinderbijslag); None: everybody named lives there. `contradictions` names
    records that exclude each other; what they leave open is already Unknown in the other fields.
    """

    applicant: PersonId
    persons: Mapping[PersonId, Person]
    partners: tuple[Spell[PersonId | Unknown | None], ...]
    children: tuple[Spell[PersonId], ...] | Unknown
    housemates: tuple[Spell[Housemate], ...] | Unknown
    homes: tuple[Spell[Home], ...] | Unknown
    childcare: tuple[Spell[Childcare], ...] | Unknown
    insecure: tuple[Spell[Unknown], ...] = ()
    abroad: tuple[Spell[Unknown], ...] = ()
    together: tuple[Spell[PersonId], ...] | None = None
    home_children: tuple[Spell[PersonId], ...] | None = None
    contradictions: tuple[Contradiction, ...] = ()
    known_on: int | str | None = None

    @property
    def self(self) -> Person:
        """The applicant."""
        return self.persons[self.applicant]
