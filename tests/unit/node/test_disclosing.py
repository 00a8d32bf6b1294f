"""A decision as a file, and its cents from the specs alone (A4): what was altered is named.

The household is the shipped demo's; its amounts are those of the published tables (test_decisions).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from node.answering import rulebook
from node.cli import main
from node.decisions import decisions_for
from node.disclosing import DisclosureError, disclosed
from node.households import Circles
from scheduler.folding.facts import Fact
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.records import AllowanceDecision, IncomeStatement
from tests.household_facts import TODAY, Book, demo_book

WIT = "999902003"


@pytest.fixture(scope="module")
def book() -> Book:
    """The demo's facts, and the decisions about one household."""
    found = demo_book()
    decided = decisions_for(Circles(found), [WIT], today=TODAY, rulebook=rulebook())
    found.add("toeslagen", [one.draft for one in decided[WIT] if one.draft is not None])
    return found


def decision(book: Book, scheme: str = "zorgtoeslag", year: int = 2026) -> Fact:
    return next(
        fact
        for fact in book.facts
        if isinstance(fact.data, AllowanceDecision)
        and (fact.data.scheme, fact.data.year) == (scheme, year)
    )


@pytest.fixture
def file(book: Book, tmp_path: Path) -> Callable[..., Path]:
    """Writes the disclosed decision, changed as told, and answers its path."""

    def write(change: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
        document = disclosed(Circles(book), decision(book), rulebook())
        change(document)
        path = tmp_path / "decision.json"
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        return path

    return write


def again(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["--json", "reperform", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_every_cent_agrees_without_a_node(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = again(capsys, file())
    assert (code, answer["agrees"], answer["differences"]) == (0, True, [])


def test_the_file_names_records_and_no_person(book: Book) -> None:
    text = json.dumps(disclosed(Circles(book), decision(book), rulebook()))
    for person in book.subjects():
        assert f'"{person}"' not in text
    assert "Wit" not in text
    assert "Lindehaag" not in text


def test_altered_cents_are_named_by_line(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    def more(document: dict[str, Any]) -> None:
        document["months"]["2026-03"] += 1

    path = file(more)
    code, answer = again(capsys, path)
    number = 1 + next(
        n for n, line in enumerate(path.read_text().splitlines()) if '"2026-03":' in line
    )
    assert code == 1
    assert any(one.startswith(f"line {number}: 2026-03: decided") for one in answer["differences"])


def test_an_altered_input_is_seen_by_the_cents_and_by_the_digest(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    def richer(document: dict[str, Any]) -> None:
        for block in document["blocks"]:
            for one in block["inputs"]:
                if one["name"] == "toetsingsinkomen":
                    one["value"] += 2_500_000

    code, answer = again(capsys, file(richer))
    assert code == 1
    assert any("computed" in one for one in answer["differences"])
    assert any("digest" in one for one in answer["differences"])


def test_an_input_that_changes_no_cent_is_seen_by_the_digest(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    def other_record(document: dict[str, Any]) -> None:
        document["blocks"][0]["inputs"][0]["records"] = ["another"]

    code, answer = again(capsys, file(other_record))
    assert (code, len(answer["differences"])) == (1, 1)
    assert "changed after it was written" in answer["differences"][0]


def test_other_rules_are_found_by_specs(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The file is of a release whose zorgtoeslag file has one more comment: another digest."""
    release = tmp_path / "releases" / "of-later"
    shutil.copytree(REGULATIONS, release)
    for changed in (release / "zorgtoeslag").glob("2026*.yaml"):
        text = changed.read_text(encoding="utf-8").replace("Uw", "Uw eigen", 1)
        changed.write_text(text, encoding="utf-8")
    path = file()
    later = tmp_path / "later.json"
    digest_now = json.loads(path.read_text())["rule_digest"]
    book = demo_book()
    rules = Rulebook.load(release)
    decided = decisions_for(Circles(book), [WIT], today=TODAY, rulebook=rules)
    facts = book.add("toeslagen", [one.draft for one in decided[WIT] if one.draft is not None])
    of_later = next(
        fact
        for fact in facts
        if isinstance(fact.data, AllowanceDecision)
        and (fact.data.scheme, fact.data.year) == ("zorgtoeslag", 2026)
    )
    later.write_text(json.dumps(disclosed(Circles(book), of_later, rules), indent=1))
    assert json.loads(later.read_text())["rule_digest"] != digest_now
    code, answer = again(capsys, later)
    assert (code, answer["agrees"]) == (1, False)
    assert "--specs" in answer["differences"][0]
    code, answer = again(capsys, later, "--specs", tmp_path / "releases")
    assert (code, answer["agrees"], answer["rules"]) == (0, True, str(release))


def test_a_decision_is_disclosed_as_it_was_known_then(book: Book) -> None:
    """Income told afterwards changes nothing in the file of the decision made before it."""
    before = disclosed(Circles(book), decision(book), rulebook())
    later = Book(book.facts)
    wage = next(
        fact
        for fact in reversed(book.facts)
        if isinstance(fact.data, IncomeStatement) and fact.subject() == WIT
    )
    assert isinstance(wage.data, IncomeStatement)
    more = wage.data.model_copy(update={"taxable_cents": wage.data.taxable_cents + 100_000})
    later.facts.append(replace(wage, data=more, record="later", known=len(book.facts)))
    assert disclosed(Circles(later), decision(book), rulebook()) == before


def test_what_is_no_decision_is_not_disclosed(book: Book) -> None:
    with pytest.raises(DisclosureError, match="no decision"):
        disclosed(Circles(book), book.facts[0], rulebook())
    other = replace(decision(book), subjects={"person": "nobody here"})
    with pytest.raises(DisclosureError, match="do not give it"):
        disclosed(Circles(book), other, rulebook())


@pytest.mark.parametrize("text", ["{}", "[]", '{"v": 1}', "null", '"a"'])
def test_another_file_is_refused(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    code, answer = again(capsys, path)
    assert (code, answer["agrees"]) == (1, False)


def test_the_day_of_the_decision_stands_in_the_file(book: Book) -> None:
    told = disclosed(Circles(book), decision(book), rulebook())["decision"]
    assert date.fromisoformat(told["decided_on"]) == TODAY
