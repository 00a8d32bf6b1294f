"""The order in which the demo sends a set: what is known, who enrols, what is new."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from adapters import samples
from node.demonstration.demo_load import ENROLMENT, KNOWN, NEWS, DataError, read_set
from node.setup.network import DEMO_MEMBERS
from specs.records import ENROLLED

MEMBERS = [member.id for member in DEMO_MEMBERS]


def test_enrolments_come_after_what_is_known_and_before_what_is_new() -> None:
    mail = read_set(samples.load(samples.shipped()["demo"]), MEMBERS)
    assert mail.waves() == [KNOWN, ENROLMENT, NEWS]
    assert {letter.draft.type for letter in mail.letters if letter.wave == ENROLMENT} == {ENROLLED}
    assert all(letter.wave == ENROLMENT for letter in mail.letters if letter.draft.type == ENROLLED)
    news = {mail.files[letter.file].name for letter in mail.letters if letter.wave == NEWS}
    assert len(news) == 1  # the second answer of UWV about the man who lost his job
    assert "2026-03" in next(iter(news))


def test_every_letter_has_a_sender_of_the_network() -> None:
    mail = read_set(samples.load(samples.shipped()["demo"]), MEMBERS)
    senders = Counter(letter.member for letter in mail.letters)
    assert set(senders) == {"gm0344", "uwv", "svb", "woonstad", "lichtstroom"}


def test_a_member_that_the_network_does_not_have_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "bsn;birth_date;surname;fact;value;valid_from\n"
        "999902003;1988-04-12;Wit;insured;1;2026-01-01\nend;1\n"
    )
    (tmp_path / "set.yaml").write_text(
        "files:\n  - {file: x.csv, format: statement-csv, member: gm9999}\n"
    )
    with pytest.raises(DataError, match="gm9999"):
        read_set(samples.load(tmp_path), MEMBERS)


def test_a_set_without_manifest_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "bsn;birth_date;surname;fact;value;valid_from\n"
        "999902003;1988-04-12;Wit;insured;1;2026-01-01\nend;1\n"
    )
    (tmp_path / "unknown.csv").write_text("what;is;this\n")
    mail = read_set(samples.load(tmp_path), MEMBERS)
    assert [letter.member for letter in mail.letters] == ["gm0344"]
    assert sum(len(found) for found in mail.problems) == 1
