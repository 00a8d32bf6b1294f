"""Compiling regulations: what does not hold together does not load, and says where."""

from __future__ import annotations

import pytest

from scheduler.compiling.program import Version, compile_version
from scheduler.compiling.trace import Values
from scheduler.folding.known import Known
from specs.errors import SpecFileError
from specs.regulation_files import read_regulation

HEAD = """\
scheme: toy
valid_from: 2026-01-01
valid_until: open
period: month
laws: {self: {name: Toy law, bwb: BWBR0000001}}
article: "1"
inputs:
  income: {unit: eurocent/year, min: -1000, max: 1000000000, article: "2", nl: A., en: A.}
  adults: {unit: count, max: 10, article: "2", nl: A., en: A.}
  single: {unit: flag, article: "2", nl: A., en: A.}
parameters:
  rate: {value: 1912, scale: 100000, unit: rate, article: "3", source: "Stb. 2025, 1",
         confidence: law, nl: A., en: A.}
  amount: {value: 10000, unit: eurocent/month, article: "3", source: "Stb. 2025, 1",
           confidence: law, nl: A., en: A.}
tables:
  bands: {by: eurocent/year, columns: [first, other], unit: rate, scale: 1000, article: "6",
          source: "Stb. 2025, 1", confidence: law,
          rows: [[0, 960, 961], [5641300, 955, 956], [5818500, 948, 956]]}
formulas:
"""
FORMULA = """\
  {name}:
    expression: {expression}
    unit: {unit}
    article: "4"
    nl: A.
    en: A.
"""
ROUNDED = '    rounding: {to: cent, method: half_up, article: "5"}\n'


def compiled(
    *formulas: tuple[str, str, str], rounded: bool = False, supplied: frozenset[str] | None = None
) -> Version:
    text = HEAD
    for name, unit, expression in formulas:
        text += FORMULA.format(name=name, unit=unit, expression=expression)
        text += ROUNDED if rounded else ""
    text += f"outputs: {{month: {formulas[0][0]}}}\n"
    return compile_version(read_regulation(text.encode(), "x.yaml"), supplied)


def value(expression: str, unit: str, rounded: bool = False, **inputs: int) -> tuple[int, int]:
    """The integer and the scale of one formula."""
    version = compiled(("x", unit, expression), rounded=rounded)
    given = {"income": 0, "adults": 0, "single": 0, **inputs}
    values = Values(version.month, {name: Known(value=v) for name, v in given.items()})
    step = version.month.step("x")
    return values.value(step), step.typed.scale


@pytest.mark.parametrize(
    ("expression", "unit", "income", "expected"),
    [
        ("rate * income", "eurocent/year", 200, (382400, 100000)),
        ("income / months_per_year", "eurocent/month", 7, (7, 12)),
        ("income / months_per_year + amount", "eurocent/month", 12, (120012, 12)),
        ("max(0, income - 2 * income)", "eurocent/year", 5, (0, 1)),
        ("min(income, amount * months_per_year)", "eurocent/year", 999999, (120000, 1)),
        ("if income > 0 then income else 0", "eurocent/year", -3, (0, 1)),
        ("-income", "eurocent/year", 4, (-4, 1)),
        ("band(bands_first, max(0, income))", "rate", 5641299, (960, 1000)),
        ("band(bands_first, max(0, income))", "rate", 5641300, (955, 1000)),
        ("band(bands_other, max(0, income))", "rate", 999999999, (956, 1000)),
    ],
)
def test_values_keep_their_exact_fraction(
    expression: str, unit: str, income: int, expected: tuple[int, int]
) -> None:
    assert value(expression, unit, income=income) == expected


@pytest.mark.parametrize(
    ("expression", "adults", "single", "expected"),
    [
        ("adults > 1 and single", 2, 1, 1),
        ("adults > 1 and single", 2, 0, 0),
        ("adults = 2 or single", 1, 0, 0),
        ("not (adults != 2) and adults >= 2 and adults <= 2 and not adults < 2", 2, 0, 1),
    ],
)
def test_logic(expression: str, adults: int, single: int, expected: int) -> None:
    assert value(expression, "flag", adults=adults, single=single) == (expected, 1)


def test_rounding_is_half_up_where_the_file_says_so() -> None:
    assert value("rate * income", "eurocent/year", True, income=26) == (0, 1)  # 0.49712
    assert value("rate * income", "eurocent/year", True, income=27) == (1, 1)  # 0.51624
    assert value("income / 2", "eurocent/year", True, income=3) == (2, 1)
    assert value("income / max(1, adults)", "eurocent/year", True, income=10, adults=4) == (3, 1)


@pytest.mark.parametrize(
    ("formulas", "words"),
    [
        ([("x", "eurocent/month", "income")], "units clash"),
        ([("x", "eurocent/year", "income + amount")], "units clash"),
        ([("x", "flag", "income > adults")], "units clash"),
        ([("x", "eurocent/year", "incme")], "unknown name 'incme'"),
        ([("x", "eurocent/year", "income * 0.5")], "no operator"),
        ([("x", "eurocent/year", "income ** 2")], "not expected"),
        ([("x", "eurocent/year", "income * 12")], "make it a parameter"),
        ([("x", "eurocent/year", "if income then income else 0")], "condition"),
        ([("x", "eurocent/year", "income / adults")], "rounding"),
        ([("x", "eurocent/year", "x + income")], "circle: x -> x"),
        ([("x", "count", "y"), ("y", "count", "z"), ("z", "count", "x")], "x -> y -> z -> x"),
        ([("x", "eurocent*eurocent/year/year", "income * income * 2 * income / income")], "leaves"),
        ([("x", "rate", "band(bands_third, income)")], "unknown table"),
        ([("x", "rate", "band(bands_first, income)")], "below the first band"),
        ([("x", "rate", "band(bands_first, adults)")], "units clash"),
        ([("x", "furlong", "income")], "no such unit"),
        ([("rate", "rate", "rate")], "used twice"),
        ([("months_per_year", "month/year", "2 * months_per_year")], "used twice"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_does_not_load(
    formulas: list[tuple[str, str, str]], words: str
) -> None:
    with pytest.raises(SpecFileError, match=r"x\.yaml:") as caught:
        compiled(*formulas)
    assert words in str(caught.value)
    assert caught.value.line is not None
    assert caught.value.line >= 12


def test_overflow_is_found_at_load() -> None:
    with pytest.raises(SpecFileError, match="leaves int64"):
        compiled(("x", "eurocent*eurocent/year/year", "income * income * 2 * 2 * 2 * 2"))


def test_an_input_that_nobody_supplies_does_not_load() -> None:
    with pytest.raises(SpecFileError, match="nobody supplies the input 'adults'"):
        compiled(("x", "eurocent/year", "income"), supplied=frozenset({"income", "single"}))


def test_divisor_that_may_be_zero_does_not_load() -> None:
    with pytest.raises(SpecFileError, match="may be zero"):
        compiled(("x", "eurocent/year", "income / adults"), rounded=True)
