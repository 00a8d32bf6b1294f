"""The file of the synthetic nation: each figure has its source; a slip is named with its line."""

from __future__ import annotations

import pytest

from specs.errors import SpecFileError
from specs.population_files import POPULATION, load_population, read_population

TEXT = (POPULATION / "nation.yaml").read_text(encoding="utf-8")


def test_every_figure_has_its_source_and_assumptions_say_so() -> None:
    file = load_population()
    parts = (*file.shares.values(), *file.fitted.values(), *file.curves.values(),
             *file.figures.values())  # fmt: skip
    assert len(parts) > 50
    for part in parts:
        assert (part.confidence == "assumption") == part.source.startswith("assumption:"), part


def test_the_households_of_the_source_add_up() -> None:
    # CBS StatLine 37975: 8,374,404 private households on 1 January 2024
    assert sum(load_population().shares["composition"].counts) == 8_374_404


@pytest.mark.parametrize(("old", "new", "reason"), [
    ("alone: 3340560", "alone: -1", "none negative"),
    ("alone: 3340560", "alone: many", "whole number"),
    ("[0, 32000], [100, 48000]", "[100, 48000], [0, 32000]", "per milles rise"),
    ("[0, 32000], ", "", "run from 0"),
    ("[0, 32000], ", "[0, 32000, 1], ", r"\[per mille, value\]"),
    ("[0, 32000], ", "[0, none], ", "whole numbers"),
    ("alone: [30, 25,", "alone: [25,", "as long as one another"),
    ("alone: [30, 25,", "alone: [0, 25,", "1 or more"),
    ("value: 901, scale: 10", "value: 901, scale: 0", "'scale' is 1"),
    ("confidence: official", "confidence: certain", "'confidence' is one of"),
    ("    confidence: official\n    counts:\n      alone", "    counts:\n      alone", "confid"),
    ("name: nation", "nam: nation", "unknown key"),
])  # fmt: skip
def test_a_slip_is_refused_with_its_line(old: str, new: str, reason: str) -> None:
    assert old in TEXT
    with pytest.raises(SpecFileError, match=reason) as caught:
        read_population(TEXT.replace(old, new, 1).encode(), "nation.yaml")
    assert caught.value.line is not None
