"""One module per scheme: the notions of law that are no arithmetic, as inputs of its regulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from scheduler.schemes import (
    aow,
    bijstand,
    huurtoeslag,
    kinderbijslag,
    kinderopvangtoeslag,
    kindgebonden_budget,
    zorgtoeslag,
)
from scheduler.schemes.toeslagen import Inputs, YearView
from specs.values import Month

InputsOf: TypeAlias = Callable[[YearView, Month], Inputs]

INPUTS: Final[Mapping[str, InputsOf]] = {
    "zorgtoeslag": zorgtoeslag.inputs,
    "aow": aow.inputs,
    "bijstand": bijstand.inputs,
    "huurtoeslag": huurtoeslag.inputs,
    "kinderbijslag": kinderbijslag.inputs,
    "kinderopvangtoeslag": kinderopvangtoeslag.inputs,
    "kindgebonden_budget": kindgebonden_budget.inputs,
}
SUPPLIED: Final[Mapping[str, frozenset[str]]] = {
    "zorgtoeslag": zorgtoeslag.SUPPLIES,
    "aow": aow.SUPPLIES,
    "bijstand": bijstand.SUPPLIES,
    "huurtoeslag": huurtoeslag.SUPPLIES,
    "kinderbijslag": kinderbijslag.SUPPLIES,
    "kinderopvangtoeslag": kinderopvangtoeslag.SUPPLIES,
    "kindgebonden_budget": kindgebonden_budget.SUPPLIES,
}
BY_MONTH: Final = frozenset({"bijstand"})  # income counts in the month in which it is received
