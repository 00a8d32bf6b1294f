"""The end of retention: content unreadable everywhere on the node, the headers still verify."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.formats.envelope import parse_envelope, verify_envelope
from node.access import load_competence
from node.errors import ErasedError
from node.retention import erase_ended, erase_subject, holds_until
from node.stores import schema_sql as tables
from specs.event import parse_payload
from tests import node_drafts as drafts
from tests.node_desk import TestDesk, signer


def wrapped_keys(desk: TestDesk) -> list[bytes]:
    with desk.database.read() as connection:
        found = [*connection.execute(select(tables.content_keys.c.wrapped)).scalars()]
        found += connection.execute(select(tables.subject_keys.c.wrapped)).scalars()
        found += connection.execute(select(tables.records.c.content)).scalars()
    return [bytes(one) for one in found if one]


def on_disk(desk: TestDesk) -> bytes:
    """Every byte of the database file and what lies beside it."""
    with sqlite3.connect(desk.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    beside = [desk.path, Path(f"{desk.path}-wal"), Path(f"{desk.path}-shm")]
    return b"".join(path.read_bytes() for path in beside if path.exists())


def recorded(tmp_path: Path) -> tuple[TestDesk, list[str]]:
    desk = TestDesk(tmp_path, "uwv")
    ids = [desk.record(drafts.income(n=n, cents=210_000 + n)) for n in range(3)]
    ids.append(desk.record(drafts.income(drafts.BRAM, n=9)))
    desk.follow()
    return desk, ids


def test_an_erased_person_is_unreadable_and_the_headers_still_verify(tmp_path: Path) -> None:
    desk, ids = recorded(tmp_path)
    subject = desk.subject(drafts.ANNA)
    assert subject is not None
    envelopes = [desk.envelope(one) for one in ids]
    keys = wrapped_keys(desk)
    found = erase_subject(desk.database, desk.records, subject)
    desk.facts.forget()
    assert found.as_json()["records"] == 3
    for identity in ids[:3]:
        assert desk.state("uwv", identity) == "erased"
        with pytest.raises(ErasedError), desk.opening() as connection:
            desk.records.content(connection, "uwv", identity)
    assert desk.facts.facts_of([subject]) == []
    assert desk.subject(drafts.ANNA) is None
    disk, left = on_disk(desk), wrapped_keys(desk)
    gone = [one for one in keys if one not in left]
    assert len(gone) >= 6  # three data keys, three contents, and her own keys
    assert not [one for one in gone if one in disk]  # not in a free page either
    for identity, raw in zip(ids, envelopes, strict=True):
        assert desk.envelope(identity) == raw
        verify_envelope(parse_envelope(raw), signer("uwv", "record").public_key)


def test_another_persons_content_stays(tmp_path: Path) -> None:
    desk, ids = recorded(tmp_path)
    subject = desk.subject(drafts.ANNA)
    assert subject is not None
    erase_subject(desk.database, desk.records, subject)
    with desk.opening() as connection:
        payload = desk.records.content(connection, "uwv", ids[3]).payload
    assert parse_payload(payload).data == drafts.income(drafts.BRAM, n=9).data


def test_only_what_is_over_for_its_term_goes(tmp_path: Path) -> None:
    desk, ids = recorded(tmp_path)
    competence = load_competence()
    # Valid until 1 November 2026 and seven years (competence.yaml): 1 November 2033.
    early = erase_ended(desk.database, desk.records, competence, date(2033, 10, 31))
    assert early.as_json() == {"records": 0, "types": {}}
    ended = erase_ended(desk.database, desk.records, competence, date(2033, 11, 1))
    assert ended.as_json()["records"] == 4
    assert {desk.state("uwv", one) for one in ids} == {"erased"}
    again = erase_ended(desk.database, desk.records, competence, date(2033, 11, 1))
    assert again.as_json()["records"] == 0


def test_what_still_holds_has_no_end(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    identity = desk.record(drafts.move())
    desk.follow()
    erase_ended(desk.database, desk.records, load_competence(), date(2100, 1, 1))
    assert desk.state("gm0344", identity) == "opened"
    with desk.opening() as connection:
        event = parse_payload(desk.records.content(connection, "gm0344", identity).payload)
    assert holds_until(event) is None
    statement = drafts.income().data
    assert holds_until(replace(event, data=statement)) == date(2026, 10, 31)


def test_an_erased_record_is_not_delivered_any_more(tmp_path: Path) -> None:
    desk, ids = recorded(tmp_path)
    assert desk.outbox(ids[0])
    subject = desk.subject(drafts.ANNA)
    assert subject is not None
    erase_subject(desk.database, desk.records, subject)
    assert desk.outbox(ids[0]) == set()
