"""specs-check: our own files are whole, and what is wrong in a file is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.case_files import read_cases
from specs.check import check
from specs.errors import SpecFileError
from specs.regulation_files import read_regulation, read_regulations

GOOD = """\
scheme: toy
valid_from: 2026-01-01
valid_until: 2027-01-01
period: month
laws:
  self: {name: Toy law, bwb: BWBR0000001}
article: "1"
inputs:
  income: {unit: eurocent/year, max: 100000000, article: "2", nl: Inkomen., en: Income.}
parameters:
  half:
    {value: 50, scale: 100, unit: rate, article: "3", source: "Stb. 2025, 1", confidence: law,
     nl: Helft., en: Half.}
formulas:
  amount:
    expression: half * income / months_per_year
    unit: eurocent/month
    article: "4 lid 2"
    rounding: {to: euro, method: down, article: "5"}
    nl: U krijgt {value}.
    en: You get {value}.
outputs: {month: amount}
"""


def test_our_own_files_are_whole() -> None:
    assert [str(error) for error in check()] == []


def test_a_good_file_reads() -> None:
    file = read_regulation(GOOD.encode(), "x.yaml")
    assert file.rule == "toy/2026-01-01"
    assert file.steps[0].article.text == "Toy law, artikel 4 lid 2"
    assert file.steps[0].article.url.endswith("BWBR0000001/2026-01-01#Artikel4")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (', source: "Stb. 2025, 1"', "", 11, "source"),
        (', article: "3"', "", 11, "article"),
        ("    article: \"4 lid 2\"\n", "", 15, "article"),
        (', article: "5"', "", 19, "rounding without article"),
        ("confidence: law", "confidence: sure", 12, "confidence"),
        ("unit: rate, ", "", 11, "unit"),
        ("method: down", "method: nearest", 19, "method"),
        ("value: 50", "value: 0.5", 12, "float"),
        ("period: month", "period: week", 4, "period"),
        ("valid_until: 2027-01-01", "valid_until: 2026-12-31", 3, "first of a month"),
        ('article: "1"', 'article: "other 1"', 7, "no law"),
        ("formulas:", "formula:", 14, "unknown key"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    with pytest.raises(SpecFileError) as caught:
        read_regulation(GOOD.replace(old, new, 1).encode(), "x.yaml")
    assert words in caught.value.message
    assert caught.value.line == line


def write(directory: Path, start: str, until: str) -> None:
    text = GOOD.replace("valid_from: 2026-01-01", f"valid_from: {start}")
    text = text.replace("valid_until: 2027-01-01", f"valid_until: {until}")
    (directory / "toy").mkdir(exist_ok=True)
    (directory / "toy" / f"{start}.yaml").write_text(text)


def test_versions_may_not_overlap_and_leave_no_gap(tmp_path: Path) -> None:
    write(tmp_path, "2026-01-01", "2027-01-01")
    write(tmp_path, "2027-01-01", "open")
    assert len(read_regulations(tmp_path)) == 2
    write(tmp_path, "2026-01-01", "2026-07-01")
    with pytest.raises(SpecFileError, match="a gap after"):
        read_regulations(tmp_path)
    write(tmp_path, "2026-01-01", "open")
    with pytest.raises(SpecFileError, match="overlaps"):
        read_regulations(tmp_path)


@pytest.mark.parametrize("source", ["", "source: ''", "source: computed here"])
def test_a_case_without_outside_source_is_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "toy").mkdir()
    case = f"  - id: one\n    {source}\n    document: {{year: 2026}}\n    expect: {{status: ok}}\n"
    text = f"cases:\n{case}"
    (tmp_path / "toy" / "cases.yaml").write_text(text)
    with pytest.raises(SpecFileError, match="source"):
        read_cases(tmp_path)


def test_check_names_every_broken_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\na: 2\n")
    (tmp_path / "b.yaml").write_text("b: 1.5\n")
    assert [error.line for error in check(tmp_path)] == [2, 1]
