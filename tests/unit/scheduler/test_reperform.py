"""A4: anyone with the disclosed inputs computes the same cents, and sees it when they do not."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from scheduler.derive import derive_all
from scheduler.documents.calc_document import parse
from scheduler.errors import RuleError, SchedulerError
from scheduler.reperform import disclose, reperform
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.case_files import Case, read_cases

RULES = Rulebook.load()
CASES = [case for case in read_cases(REGULATIONS) if case.disagrees is None]


def decision(case: Case) -> dict[str, Any] | None:
    request, problems = parse(case.document, RULES)
    assert request is not None, problems
    found = derive_all(request.household, request.year, RULES, [case.scheme])[case.scheme]
    return None if found.status == "unknown" else json.loads(json.dumps(disclose(found)))


FILES = [(case, found) for case in CASES if (found := decision(case)) is not None]
LEAFLET = next(found for case, found in FILES if case.id == "leaflet-2026-example-1")


@pytest.mark.parametrize(
    ("case", "found"), FILES, ids=[f"{case.scheme}:{case.id}" for case, _ in FILES]
)
def test_every_outside_case_computes_again(case: Case, found: dict[str, Any]) -> None:
    again = reperform(found, RULES)
    assert again.differences == ()
    assert again.derivation.trace


def changed(**top: object) -> dict[str, Any]:
    return {**copy.deepcopy(LEAFLET), **top}


def test_one_cent_more_is_seen() -> None:
    document = changed()
    document["months"]["2026-03"] += 1
    assert reperform(document, RULES).differences == (
        "2026-03: decided 12901 cents, computed 12900",
    )
    assert not reperform(changed(award_year=155100), RULES).agrees


def test_another_input_gives_other_cents() -> None:
    document = changed()
    income = next(i for i in document["blocks"][0]["inputs"] if i["name"] == "toetsingsinkomen")
    income["value"] = 3_000_000
    # table 2026 without partner: 30.000 gives 126
    assert "computed 12600" in reperform(document, RULES).differences[0]


def test_an_input_left_out_is_seen() -> None:
    document = changed()
    document["blocks"][0]["inputs"] = [
        one for one in document["blocks"][0]["inputs"] if one["name"] != "toetsingsinkomen"
    ]
    assert "not disclosed" in reperform(document, RULES).differences[0]


def test_other_rules_are_refused() -> None:
    with pytest.raises(RuleError, match="take the specs of that release"):
        reperform(changed(rule_digest="0" * 64), RULES)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, changed(v=2), changed(months={}), changed(year=2025), changed(extra=1),
     changed(blocks=[{"rule": "x", "months": ["2026-13"], "inputs": []}]),
     changed(months={"2026-01": 12900})],
)  # fmt: skip
def test_what_is_no_decision_is_refused(document: object) -> None:
    with pytest.raises(SchedulerError):
        reperform(document, RULES)
