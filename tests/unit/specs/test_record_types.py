"""Every record type of DESIGN 5: its data passes the wire, its readers have their grounds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from node.access import load_competence
from node.subjects import main_paths
from specs import records as r
from specs.event import Event, parse_payload, payload_bytes
from specs.records import RECORD_TYPES, RecordData

ANNA = {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"}
CHILD = {"bsn": "999990482", "birth_date": "2019-02-03", "surname": "Moulin"}
BENEFIT = {"person": ANNA, "relation": "1", "payer": "UWV", "cents": 6_000, "every": "day",
           "day_wage_cents": 8_571}  # fmt: skip
EXAMPLES: dict[str, dict[str, Any]] = {
    r.DIVORCE_REQUESTED: {"persons": [ANNA, CHILD]},
    r.WW_SET: BENEFIT,
    r.AOW_SET: {**BENEFIT, "every": "month", "built_up_percent": 98},
    r.YEAR_INCOME_SET: {"person": ANNA, "year": 2025, "cents": 1_900_000, "basis": "assessment"},
    r.YEAR_ASSETS_SET: {"person": ANNA, "year": 2026, "cents": 0},
    r.PROVISIONAL_SET: {"person": ANNA, "year": 2026, "cents": -120_000, "terms": 12,
                        "first_due": "2026-01-15"},
    r.CHILDCARE_SET: {"person": ANNA, "child": CHILD, "contract": "k-1", "kind": "bso",
                      "hours_per_month": 60, "hourly_rate_cents": 950},
    r.INSURED_BEGUN: {"person": ANNA, "policy": "p-1"},
    r.TAILORED: {"person": ANNA, "scheme": "bijstand", "cents_per_month": 5_000,
                 "reason": "reiskosten naar het ziekenhuis", "decided_by": "werk en inkomen"},
    r.TAX_REMITTED: {"person": ANNA, "tax": "afvalstoffenheffing", "year": 2026, "cents": 32_000},
    r.ARREARS_TOLD: {"person": ANNA, "flow": "huur-1", "party": "woonstad", "cents": 130_000,
                     "months": 2},
    r.ARRANGEMENT_MADE: {"person": ANNA, "flow": "huur-1", "party": "woonstad", "cents": 130_000,
                         "terms": 13, "term_cents": 10_000, "first_due": "2026-05-01"},
    r.CONTESTED: {"person": ANNA, "contested": "abc", "party": "uwv",
                  "reason": "dit inkomen is niet van mij"},
    r.CONTEST_DECIDED: {"person": ANNA, "contest": "abc", "outcome": "upheld", "reason": "juist"},
    r.ERASURE_ASKED: {"person": ANNA, "ground": "retention_ended"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_record_of_each_source_passes_the_wire(name: str) -> None:
    known = RECORD_TYPES[name]
    data = known.model.model_validate(EXAMPLES[name])
    event = Event(
        log="A" * 43 + "=", id="a" * 43, author="uwv", record_class=known.record_class,
        source="urn:nld:oin:99000000000000000009:systeem:test", type=name,
        time="2026-11-22T08:00:00Z", valid_from=date(2026, 1, 1), valid_until=None, causes=(),
        data=data,
    )  # fmt: skip
    assert parse_payload(payload_bytes(event)) == event
    assert main_paths(data)  # somebody's key wraps it


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (r.CHILDCARE_SET, {"hours_per_month": 745}),
        (r.ARRANGEMENT_MADE, {"terms": 12}),
        (r.ARRANGEMENT_MADE, {"terms": 15}),
        (r.AOW_SET, {"built_up_percent": 101}),
        (r.CONTESTED, {"reason": ""}),
        (r.YEAR_ASSETS_SET, {"cents": -1}),
        (r.PROVISIONAL_SET, {"cents": 12.5}),
    ],
)
def test_what_cannot_be_is_refused(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RECORD_TYPES[name].model.model_validate(EXAMPLES[name] | changes)


def _without_person() -> set[type[RecordData]]:
    return {r.RulesRelease}


def test_every_type_says_whom_it_is_about_or_is_about_nobody() -> None:
    for known in RECORD_TYPES.values():
        fields = known.model.model_fields
        about = "person" in fields or "persons" in fields
        assert about != (known.model in _without_person()), known.name


def test_every_reader_has_an_article_and_every_term_a_source() -> None:
    rules = load_competence().rules
    assert rules.keys() == RECORD_TYPES.keys()
    for rule in rules.values():
        assert rule.writers
        assert rule.writes_by.article
        for reader in rule.readers:
            assert reader.ground.article
            assert reader.why


def test_household_content_of_a_contest_goes_to_those_who_decide() -> None:
    readers = {one.role for one in load_competence().rules[r.CONTESTED].readers}
    assert readers == {"toeslagen", "uwv", "svb", "belastingdienst"}
