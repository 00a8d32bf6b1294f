"""The rented home and the childcare of a calc document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar, cast, get_args

from scheduler.documents.calc_benefits import dates
from scheduler.documents.calc_values import OMITTED, Json, Reader
from scheduler.folding.known import Known, Spell, Text, Unknown, Value
from scheduler.folding.persons import Childcare, ChildcareKind, Home

T = TypeVar("T")
ChildOf: TypeAlias = Callable[[str, Json], str | None]  # key and value -> id of a person

HOME: Final = (
    "independent", "bare_rent", "service_costs", "adapted", "earlier_allowance", "rent_from",
    "rent_until",
)  # fmt: skip
CHILDCARE: Final = ("child", "kind", "hours_per_month", "hourly_rate", "from", "until")


def read_homes(top: Reader) -> tuple[Spell[Home], ...] | Unknown:
    value = top.get("home")
    if value is OMITTED:
        missing = Text("Wij weten niet of u een woning huurt.", "We do not know your rent.")
        return Unknown(missing=missing, article="Wet op de huurtoeslag, artikel 5")
    if value is None:
        return ()
    items: Sequence[Json] = value if isinstance(value, list) else [value]
    spells: list[Spell[Home]] = []
    for index, item in enumerate(items):
        where = f"home[{index}]" if isinstance(value, list) else "home"
        if not isinstance(item, Mapping):
            top.problems.add(where, "", "is no object", "see `vastedag calc --help`")
            continue
        spells.append(_home(Reader(item, where, top.problems), where))
    return tuple(spells)


def _home(reader: Reader, at: str) -> Spell[Home]:
    reader.only(*HOME)
    start, end = dates(reader, "rent_from", "rent_until")
    adapted = reader.flag("adapted") or False
    home = Home(
        independent=_value(reader.flag("independent"), f"{at}.independent", "independent"),
        bare_rent=_value(reader.whole("bare_rent"), f"{at}.bare_rent", "bare_rent"),
        service_costs=_value(reader.whole("service_costs"), f"{at}.service_costs", "service_costs"),
        adapted=Known(value=adapted, records=(f"{at}.adapted",) if adapted else ()),
        earlier_allowance=reader.flag("earlier_allowance") or False,
    )
    return Spell(value=home, start=start, end=end, records=(at,))


def read_childcare(top: Reader, child_of: ChildOf) -> tuple[Spell[Childcare], ...] | Unknown:
    if not top.has("childcare"):
        missing = Text("De uren en kosten van de opvang ontbreken.",
                       "Hours and costs of childcare are missing.")  # fmt: skip
        return Unknown(missing=missing, article="Wet kinderopvang, artikel 1.7")
    spells: list[Spell[Childcare]] = []
    for reader in top.objects("childcare"):
        reader.only(*CHILDCARE)
        child = child_of(f"{reader.where}.child", reader.get("child"))
        kind = reader.text("kind")
        hours = reader.whole("hours_per_month", 0, 1000)
        rate = reader.whole("hourly_rate", 0, 1_000_000)
        start, end = dates(reader, "from", "until")
        if kind not in get_args(ChildcareKind):
            reader.bad("kind", "is missing or unknown", f"one of {get_args(ChildcareKind)}")
        elif hours is None or rate is None:
            reader.bad("hours_per_month", "hours or rate are missing", "write both")
        elif child is not None:
            care = Childcare(
                child=child,
                kind=cast("ChildcareKind", kind),
                hours_per_month=hours,
                hourly_rate=rate,
            )
            spells.append(Spell(value=care, start=start, end=end, records=(reader.where,)))
    return tuple(spells)


_MISSING: Final = {
    "independent": Text("Wij weten niet of uw woning zelfstandig is.",
                        "We do not know whether your home is independent."),
    "bare_rent": Text("De kale huur ontbreekt.", "The bare rent is missing."),
    "service_costs": Text("De servicekosten ontbreken.", "The service costs are missing."),
}  # fmt: skip


def _value(value: T | None, at: str, key: str) -> Value[T]:
    if value is None:
        return Unknown(missing=_MISSING[key], article="Wet op de huurtoeslag, artikel 5")
    return Known(value=value, records=(at,))
