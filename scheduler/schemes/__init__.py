"""One module per scheme: the notions of law that are no arithmetic, as inputs of its regulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from scheduler.schemes import (
    aow,
    beslagvrije_voet,
    bijstand,
    huurtoeslag,
    kinderbijslag,
    kinderbijslag_extra,
    kinderopvangtoeslag,
    kindgebonden_budget,
    toeslagenwet,
    ww,
    zorgtoeslag,
)
from scheduler.schemes.toeslagen import Inputs, YearView
from specs.values import Month

InputsOf: TypeAlias = Callable[[YearView, Month], Inputs]

INPUTS: Final[Mapping[str, InputsOf]] = {
    "aow": aow.inputs,
    "beslagvrije_voet": beslagvrije_voet.inputs,
    "bijstand": bijstand.inputs,
    "huurtoeslag": huurtoeslag.inputs,
    "kinderbijslag": kinderbijslag.inputs,
    "kinderbijslag_extra": kinderbijslag_extra.inputs,
    "kinderopvangtoeslag": kinderopvangtoeslag.inputs,
    "kindgebonden_budget": kindgebonden_budget.inputs,
    "toeslagenwet": toeslagenwet.inputs,
    "ww": ww.inputs,
    "zorgtoeslag": zorgtoeslag.inputs,
}
SUPPLIED: Final[Mapping[str, frozenset[str]]] = {
    "aow": aow.SUPPLIES,
    "beslagvrije_voet": beslagvrije_voet.SUPPLIES,
    "bijstand": bijstand.SUPPLIES,
    "huurtoeslag": huurtoeslag.SUPPLIES,
    "kinderbijslag": kinderbijslag.SUPPLIES,
    "kinderbijslag_extra": kinderbijslag_extra.SUPPLIES,
    "kinderopvangtoeslag": kinderopvangtoeslag.SUPPLIES,
    "kindgebonden_budget": kindgebonden_budget.SUPPLIES,
    "toeslagenwet": toeslagenwet.SUPPLIES,
    "ww": ww.SUPPLIES,
    "zorgtoeslag": zorgtoeslag.SUPPLIES,
}
BY_INCOME: Final = frozenset({"beslagvrije_voet", "bijstand"})  # income of the month counts
BY_MONTH: Final[Mapping[str, Callable[[YearView], bool]]] = {"ww": ww.by_month}
BY_FIRST_DAY: Final = frozenset(  # notions that look at no other day of a month
    {"huurtoeslag", "kinderbijslag", "kinderbijslag_extra", "kindgebonden_budget", "zorgtoeslag"}
)
ANEW: Final[Mapping[str, tuple[int, ...]]] = {"aow": (5, 6)}  # May has the holiday allowance
