"""Every worked example gathered outside this project is a case, or decision 0004 says why not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from scheduler.rulebook import REGULATIONS
from specs.case_files import read_cases
from specs.loader import load_yaml
from tests.needs import require

HERE = Path(__file__).parent
DECISION = REGULATIONS.parent / "decisions" / "0004-where-sources-of-the-law-disagree.md"
LISTED = cast("Mapping[str, object]", load_yaml(HERE / "worked_examples.yaml")[0])
IS_CASE = cast("Mapping[str, str]", LISTED["cases"])
HAS_REASON = cast("list[str]", LISTED["reasons"])
CASES = {f"{case.scheme}:{case.id}": case for case in read_cases(REGULATIONS)}


def test_every_listed_example_is_a_followed_case_or_has_its_reason() -> None:
    assert [name for name in IS_CASE.values() if name not in CASES] == []
    assert [name for name in IS_CASE.values() if CASES[name].disagrees is not None] == []
    text = DECISION.read_text()
    assert [name for name in HAS_REASON if name not in text] == []
    assert not set(IS_CASE) & set(HAS_REASON)


def cents(euros: object) -> int:
    return round(cast("float", euros) * 100)


def expectation(name: str, example: Mapping[str, object]) -> list[str]:
    """What the case expects otherwise than the example prints."""
    expected = CASES[IS_CASE[name]].expected
    printed = cast("Mapping[str, object]", example["expected"])
    amounts: list[int] = []
    for key in ("months", "quarters", "steps"):
        amounts.extend(cast("Mapping[str, int]", expected.get(key, {})).values())
    wrong: list[str] = []
    for key, value in printed.items():
        if key == "award_eur_per_year" or key == "max_eur_per_year":
            right = expected.get("award_year") == cents(value)
        elif key == "paid_eur_per_month":
            right = expected.get("every_month") == cents(value)
        elif key == "entitlement_eur_per_month":  # the year's entitlement over twelve, as printed
            right = round(cents(printed["entitlement_eur_per_year"]) / 12) == cents(value)
        else:
            right = cents(value) in amounts
        if not right:
            wrong.append(f"{name}: {key} {value} is not what {IS_CASE[name]} expects")
    return wrong


def test_the_examples_themselves_say_what_the_cases_expect() -> None:
    require("VASTEDAG_FACTS")
    content = (Path(os.environ["VASTEDAG_FACTS"]) / "worked-examples.json").read_text()
    examples = {example["id"]: example for example in json.loads(content)}
    assert set(examples) == {*IS_CASE, *HAS_REASON}
    assert [line for name in IS_CASE for line in expectation(name, examples[name])] == []
