"""Every outside case of every scheme, exactly; and every published figure we do not follow."""

from __future__ import annotations

from functools import cache

import pytest

from scheduler.documents.case_table import differences, table
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.case_files import Case, read_cases

CASES = read_cases(REGULATIONS)
FOLLOWED = [case for case in CASES if case.disagrees is None]
NOT_FOLLOWED = [case for case in CASES if case.disagrees is not None]


@cache
def rulebook() -> Rulebook:
    return Rulebook.load()


@pytest.mark.parametrize("case", FOLLOWED, ids=lambda case: f"{case.scheme}:{case.id}")
def test_case_comes_out_exactly(case: Case) -> None:
    assert differences(case, rulebook()) == [], f"{case.place}, source: {case.source}"


@pytest.mark.parametrize("case", NOT_FOLLOWED, ids=lambda case: f"{case.scheme}:{case.id}")
def test_figure_we_do_not_follow_still_differs(case: Case) -> None:
    assert differences(case, rulebook()), f"{case.place}: now agrees; drop `disagrees`"


def test_the_table_counts_every_case_once() -> None:
    cells = table(CASES, rulebook())
    assert [cell.wrong for cell in cells if cell.wrong] == []
    assert sum(cell.exact for cell in cells) == len(FOLLOWED)
    assert sum(len(cell.not_followed) for cell in cells) == len(NOT_FOLLOWED)


def test_every_scheme_has_a_case_in_every_year_it_has_a_version() -> None:
    """Also in a year that answers `unknown`: then the case says so."""
    cells = {(cell.scheme, cell.year) for cell in table(CASES, rulebook()) if cell.exact}
    missing = {
        (scheme, year)
        for scheme, versions in rulebook().versions.items()
        for version in versions
        for year in (version.file.valid_from.year,)
        if (scheme, year) not in cells
    }
    assert missing == set()
