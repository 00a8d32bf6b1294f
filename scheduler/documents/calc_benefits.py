"""The benefits of a person in a calc document: WW, what the Toeslagenwet supplements, and what the
municipality decided about bijstand (exempted pay, *maatwerk*, institution).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, cast, get_args

from scheduler.documents.calc_values import Reader
from scheduler.folding.known import Known, Spell
from scheduler.folding.persons import DailyBenefit, Exemption, Maatwerk, Unemployment

WW: Final = (
    "from", "day_wage", "years_before_2016", "years_from_2016", "four_of_five", "income",
)  # fmt: skip
BENEFIT: Final = ("day_wage", "per_day", "other_per_day")
EXEMPTION: Final = ("article", "from", "until")
MAATWERK: Final = ("amount", "reason", "from", "until")
DAY_MAX: Final = 10_000_000  # cents


def read_unemployment(person: Reader, at: str) -> Known[Unemployment | None] | None:
    """`ww`: null is none; omitted is unknown; a missing part is a problem."""
    if not person.has("ww"):
        return None
    value = person.content["ww"]
    if value is None:
        return Known(value=None, records=(at,))
    reader = _object(person, "ww", value)
    if reader is None:
        return None
    reader.only(*WW)
    start = reader.day("from")
    wage = reader.whole("day_wage", 1, DAY_MAX)
    before = reader.whole("years_before_2016", 0, 60)
    since = reader.whole("years_from_2016", 0, 60)
    four = reader.flag("four_of_five")
    income = reader.by_month("income")
    if start is None or wage is None or before is None or since is None or four is None:
        known = f"write {', '.join(WW)}"
        reader.bad("ww", "misses its first day, day wage, work history or four_of_five", known)
        return None
    told = Unemployment(
        start=start, day_wage=wage, years_before_2016=before, years_from_2016=since,
        four_of_five=four, income=income or {},
    )  # fmt: skip
    return Known(value=told, records=(at,))


def read_daily_benefit(person: Reader, at: str) -> Known[DailyBenefit] | None:
    """`daily_benefit`: amounts a day before tax; omitted or null is unknown."""
    value = person.content.get("daily_benefit")
    if value is None:
        return None
    reader = _object(person, "daily_benefit", value)
    if reader is None:
        return None
    reader.only(*BENEFIT)
    wage, per_day = reader.whole("day_wage", 0, DAY_MAX), reader.whole("per_day", 0, DAY_MAX)
    other = reader.whole("other_per_day", 0, DAY_MAX)
    if wage is None or per_day is None or other is None:
        reader.bad("daily_benefit", "misses an amount", f"write {', '.join(BENEFIT)}")
        return None
    told = DailyBenefit(day_wage=wage, per_day=per_day, other_per_day=other)
    return Known(value=told, records=(at,))


def read_exemptions(person: Reader, at: str) -> tuple[Spell[Exemption], ...]:
    """`exemption`: which part of Pw 31 lid 2 the municipality applies to pay, and when."""
    value = person.content.get("exemption")
    if value is None:
        return ()
    reader = _object(person, "exemption", value)
    if reader is None:
        return ()
    reader.only(*EXEMPTION)
    article = reader.text("article")
    start, end = dates(reader, "from", "until")
    if article not in get_args(Exemption):
        reader.bad("article", "is no part of Pw 31 lid 2 that exempts pay", "write n, r or y")
        return ()
    if start is None:
        reader.bad("from", "is missing", "an exemption has a first day: its months are counted")
        return ()
    return (Spell(value=cast("Exemption", article), start=start, end=end, records=(at,)),)


def read_maatwerk(person: Reader, at: str) -> tuple[Spell[Maatwerk], ...]:
    """`maatwerk`: amounts a month that the municipality adds or takes off, each with its reason."""
    found: list[Spell[Maatwerk]] = []
    for place, reader in enumerate(person.objects("maatwerk")):
        reader.only(*MAATWERK)
        amount = reader.number("amount", reader.content.get("amount"), -DAY_MAX, DAY_MAX)
        reason = reader.text("reason")
        start, end = dates(reader, "from", "until")
        if amount is None or reason is None or start is None:
            reader.bad("maatwerk", "misses its amount, reason or first day",
                       f"write {', '.join(MAATWERK)}")  # fmt: skip
            continue
        told = Maatwerk(cents=amount, reason=reason)
        found.append(Spell(value=told, start=start, end=end, records=(f"{at}.{place}",)))
    return tuple(found)


def dates(reader: Reader, start: str, end: str) -> tuple[date | None, date | None]:
    """Two dates of an object, the second after the first."""
    first, last = reader.day(start), reader.day(end)
    if first is not None and last is not None and last <= first:
        reader.bad(end, f"is not after {start}", "correct one of the two")
    return first, last


def _object(person: Reader, key: str, value: object) -> Reader | None:
    if isinstance(value, Mapping):
        return Reader(value, f"{person.where}.{key}", person.problems)
    person.bad(key, "is no object", "see `vastedag calc --help`")
    return None
