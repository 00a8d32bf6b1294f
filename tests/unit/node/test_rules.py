"""Release of rules: dry run, two persons, in force from its own entry, recalled.

The changed figures are invented (that is the point of a dry run); the unchanged amounts are those
of the published tables (test_decisions).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from ledger.keys import Ed25519Signer
from ledger.rules.registry import Key, Registry, freeze
from node.answering import rulebook
from node.decisions import decisions_for
from node.dry_run import dry_run
from node.errors import StartError
from node.households import Circles
from node.rules import (
    FOUNDING_FILE,
    NodeRules,
    RulesError,
    approve,
    check_release,
    founding_release,
    statement,
)
from node.subjects import OWN, OWN_PATH
from scheduler.derive import derive
from scheduler.folding.facts import Fact
from scheduler.household import fold
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.records import ENROLLED, RULES_RELEASED, RulesRelease
from specs.records_law import RuleVersion
from specs.regulation_files import read_regulation
from specs.values import Month
from tests import node_desk
from tests.household_facts import TODAY, Book, demo_book

WIT = "999902003"
RULE = "zorgtoeslag/2026-01-01"
FILE = REGULATIONS / "zorgtoeslag" / "2026-01-01.yaml"
MARCH = Month(2026, 3)


def signer(member: str, person: str = "") -> Ed25519Signer:
    return node_desk.signer(member, f"governance{person}")


def registry(*, until: int | None = None) -> Registry:
    """The members, each with one governance key, Toeslagen with two; `until` ends the first."""
    members = dict(node_desk.REGISTRY.members)
    for name, member in members.items():
        people = ("", "-2") if name == "toeslagen" else ("",)
        keys = tuple(
            Key(
                use="governance", text="", public_key=signer(name, person).public_key, since=0,
                until=until if name == "toeslagen" and not person else None,
            )
            for person in people
        )  # fmt: skip
        members[name] = replace(member, keys=(*member.keys, *keys))
    return replace(node_desk.REGISTRY, members=freeze(members))


REGISTRY = registry()


def changed_file() -> RuleVersion:
    """The shipped file with a standard premium of 100 euro more."""
    text = FILE.read_text(encoding="utf-8")
    assert text.count("value: 211900") == 1
    text = text.replace("value: 211900", "value: 221900")
    file = read_regulation(text.encode(), RULE)
    return RuleVersion(rule=RULE, digest=file.digest, text=text)


def release(
    *versions: RuleVersion,
    by: Sequence[tuple[str, str]] = (("toeslagen", ""), ("gm0344", "")),
    recalled: bool = False,
    dry: str = "1" * 64,
) -> RulesRelease:
    message = statement(REGISTRY.log, versions, recalled=recalled, dry_run=dry, reason="test")
    return RulesRelease(
        versions=versions, recalled=recalled, dry_run=dry, reason="test",
        approvals=tuple(approve(message, name, signer(name, person)) for name, person in by),
    )  # fmt: skip


def add(book: Book, data: RulesRelease, author: str = "toeslagen") -> Fact:
    """The release as an accepted record at the next entry."""
    known = max((fact.known for fact in book.facts), default=0) + 1
    fact = Fact(
        record=f"release-{known}", type=RULES_RELEASED, data=data, subjects={OWN_PATH: OWN},
        valid_from=TODAY, known=known, author=author,
    )  # fmt: skip
    book.facts.append(fact)
    return fact


def founded(now: Registry = REGISTRY) -> NodeRules:
    """A node whose network began with the shipped rules."""
    signers = {name: signer(name) for name in ("toeslagen", "uwv")}
    return NodeRules(rulebook(), founding_release(rulebook(), now.log, signers), lambda: now)


def cents(rules: Rulebook, book: Book) -> int:
    facts, _ = Circles(book).near([WIT])
    found = derive(fold(facts, WIT, None), "zorgtoeslag", 2026, rules)
    return found.months[MARCH].cents


def test_without_a_release_every_month_is_unknown_and_never_last_years_law() -> None:
    rules = NodeRules(rulebook(), None, lambda: REGISTRY).rulebook(Book())
    facts, _ = Circles(demo_book()).near([WIT])
    for scheme in ("zorgtoeslag", "kindgebonden_budget", "huurtoeslag"):
        found = derive(fold(facts, WIT, None), scheme, 2026, rules)
        assert found.status == "unknown"


def test_the_founding_releases_exactly_what_is_shipped() -> None:
    assert founded().rulebook(Book()).digest == rulebook().digest


def test_a_release_counts_from_its_own_entry_and_a_recall_gives_the_one_before_back() -> None:
    rules, book = founded(), demo_book()
    before = cents(rules.rulebook(book), book)
    entry = add(book, release(changed_file())).known
    after = cents(rules.rulebook(book), book)
    # 100 euro a year more of standard premium, no income above the threshold: 100 / 12 = 8,33,
    # in the law's whole euros of the month 8 or 9 more.
    assert after - before in (800, 900)
    assert cents(rules.rulebook(book, entry - 1), book) == before
    assert cents(rules.rulebook(book, entry), book) == after
    version = RuleVersion(rule=RULE, digest=changed_file().digest)
    add(book, release(version, recalled=True))
    assert rules.rulebook(book).digest == rulebook().digest
    assert cents(rules.rulebook(book, entry), book) == after  # as it was in between


def test_two_nodes_with_the_same_records_have_the_same_rules() -> None:
    book = demo_book()
    add(book, release(changed_file()))
    first, second = founded(), founded()
    assert first.rulebook(book).digest == second.rulebook(book).digest != rulebook().digest
    assert first.rulebook(book) is first.rulebook(book)  # compiled once


def test_everybody_is_decided_again_by_the_released_rules() -> None:
    rules, book = founded(), demo_book()
    for one in decisions_for(Circles(book), [WIT], today=TODAY, rulebook=rules.rulebook(book))[WIT]:
        if one.draft is not None:
            book.add("toeslagen", [one.draft])
    add(book, release(changed_file()))
    found = decisions_for(Circles(book), [WIT], today=TODAY, rulebook=rules.rulebook(book))[WIT]
    drafts = [one.draft for one in found if one.draft is not None]
    assert [draft.where for draft in drafts] == ["zorgtoeslag 2026"]


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ([("toeslagen", "")], "one more is needed"),
        ([("toeslagen", ""), ("toeslagen", "")], "the same person approves twice"),
    ],
)
def test_one_person_is_not_two(by: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        release(changed_file(), by=by)


def test_two_persons_of_one_member_are_two() -> None:
    data = release(changed_file(), by=[("toeslagen", ""), ("toeslagen", "-2")])
    check_release(data, "toeslagen", REGISTRY)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (release(changed_file(), by=[("uwv", ""), ("gm0344", "")]), "is its own"),
        (release(changed_file(), by=[("toeslagen", ""), ("gm0344", "stranger")]), "no active"),
        (release(changed_file()).model_copy(update={"reason": "other"}), "something else"),
        (release(changed_file()).model_copy(update={"recalled": True}), "something else"),
        (release(changed_file()).model_copy(update={"dry_run": "2" * 64}), "something else"),
        (
            release(RuleVersion(rule=RULE, digest="3" * 64, text=FILE.read_text())),
            "another version",
        ),
        (release(RuleVersion(rule=RULE, digest="3" * 64, text="scheme: zorgtoeslag")), "scheme|:"),
    ],
)
def test_what_nobody_approved_has_no_effect(data: RulesRelease, why: str) -> None:
    with pytest.raises(RulesError, match=why):
        check_release(data, "toeslagen", REGISTRY)
    rules, book = founded(), demo_book()
    add(book, data)
    assert rules.rulebook(book).digest == rulebook().digest


def test_another_members_release_has_no_effect() -> None:
    rules, book = founded(), demo_book()
    add(book, release(changed_file()), author="uwv")
    assert rules.rulebook(book).digest == rulebook().digest


def test_a_key_that_ended_later_leaves_its_releases_in_force() -> None:
    book = demo_book()
    entry = add(book, release(changed_file())).known
    later, earlier = registry(until=entry + 5), registry(until=entry)
    assert founded(later).rulebook(book).digest != rulebook().digest
    assert founded(earlier).rulebook(book).digest == rulebook().digest


def test_the_dry_run_tells_whom_it_changes_by_how_much_and_changes_nothing() -> None:
    rules, book = founded(), demo_book()
    then = rules.with_version(book, changed_file(), recalled=False)
    facts = list(book.facts)
    account = dry_run(
        Circles(book), book.of_type(ENROLLED), now=rules.rulebook(book), then=then,
        schemes=["zorgtoeslag"], today=TODAY,
    ).as_json()  # fmt: skip
    assert book.facts == facts
    assert rules.rulebook(book).digest == rulebook().digest
    assert 0 < account["changed"] <= account["households"]
    assert {one["month"][:4] for one in account["months"]} == {"2026"}
    total = sum(one["cents"] for one in account["months"])
    assert total == sum(one["cents"]["zorgtoeslag"] for one in account["by_household"])
    subjects = [one["subject"] for one in account["by_household"]]
    assert subjects == sorted(subjects)  # by id: nobody is ranked
    wit = next(one for one in account["by_household"] if one["subject"] == WIT)
    assert wit["cents"]["zorgtoeslag"] in (12 * 800, 12 * 900)


def test_a_recall_is_dry_run_too() -> None:
    rules, book = founded(), demo_book()
    digest = next(one["digest"] for one in rules.listed(book) if one["rule"] == RULE)
    then = rules.with_version(book, RuleVersion(rule=RULE, digest=digest), recalled=True)
    account = dry_run(
        Circles(book), book.of_type(ENROLLED), now=rules.rulebook(book), then=then,
        schemes=["zorgtoeslag"], today=TODAY,
    ).as_json()  # fmt: skip
    assert all(one["no_longer_known"] and not one["cents"] for one in account["months"])


def test_the_list_tells_since_when_and_by_whom() -> None:
    rules, book = founded(), demo_book()
    entry = add(book, release(changed_file())).known
    listed = {one["rule"]: one for one in rules.listed(book)}
    assert listed[RULE]["from_index"] == entry
    assert listed[RULE]["approved_by"] == ["toeslagen", "gm0344"]
    assert len(listed[RULE]["before"]) == 1
    other = listed["zorgtoeslag/2025-01-01"]
    assert (other["from_index"], other["shipped"]) == (0, True)


def test_a_founding_file_that_was_changed_stops_the_start(tmp_path: Path) -> None:
    signers = {name: signer(name) for name in ("toeslagen", "uwv")}
    whole = founding_release(rulebook(), REGISTRY.log, signers).model_dump(mode="json")
    path = tmp_path / FOUNDING_FILE
    path.write_text(json.dumps(whole))
    assert NodeRules.of_home(rulebook(), tmp_path, lambda: REGISTRY).rulebook(Book()).versions
    whole["versions"][0]["digest"] = "0" * 64
    path.write_text(json.dumps(whole))
    with pytest.raises(StartError, match="take the file of the founding again"):
        NodeRules.of_home(rulebook(), tmp_path, lambda: REGISTRY)
    path.write_text("{")
    with pytest.raises(StartError, match=FOUNDING_FILE):
        NodeRules.of_home(rulebook(), tmp_path, lambda: REGISTRY)


def test_the_day_does_not_matter_to_what_is_in_force() -> None:
    rules, book = founded(), demo_book()
    fact = add(book, release(changed_file()))
    book.facts[-1] = replace(fact, valid_from=date(2030, 1, 1))
    assert rules.rulebook(book).digest != rulebook().digest
