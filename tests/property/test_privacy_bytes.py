"""L5: nothing personal in the ledger's bytes, in databases, parcels, logs or refusals.

Marked values go through everything; then every byte is searched, in every form.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
import sqlite3
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.export import export
from node.errors import ErasedError, RefusedError
from node.flow import record
from specs.records import Address, Birth, PersonRef, RecordDraft
from specs.values import BSN_WEIGHTS
from tests import node_drafts as drafts
from tests.node_desk import Line, TestDesk
from tests.node_network import make_homes, running
from tests.searching import files_with, found_in, needles


def bsn_from(number: int) -> str:
    """The next number that passes the elfproef."""
    while True:
        digits = f"{number:09d}"
        total = sum(w * int(d) for w, d in zip(BSN_WEIGHTS, digits, strict=True))
        if total % 11 == 0:
            return digits
        number += 1


PERSONS = st.builds(
    PersonRef,
    bsn=st.integers(min_value=900_000_000, max_value=999_999_000).map(bsn_from),
    birth_date=st.dates(min_value=date(1920, 1, 1), max_value=date(2026, 1, 1)),
    surname=st.from_regex(re.compile(r"[A-Z][a-zëéü]{7,20}"), fullmatch=True),
)
AMOUNTS = st.integers(min_value=10_000_000, max_value=999_999_999)


def values_of(*persons: PersonRef) -> list[str]:
    """What must stand nowhere."""
    found = []
    for person in persons:
        assert person.bsn is not None
        assert person.birth_date is not None
        found += [person.bsn, person.surname, person.birth_date.isoformat()]
        found.append(person.birth_date.strftime("%Y%m%d"))
    return found


def test_the_search_itself_finds_every_form() -> None:
    wanted = needles(["999993653", "Moulin"])
    for content in (
        b"x999993653y",
        b"356399999",
        "Moulin".encode("utf-16-le"),
        b"..MOULIN..",
        b"999993653".hex().encode(),
        base64.b64encode(b"ab999993653cd"),
        base64.b64encode(b"abc999993653cd"),
        base64.b64encode(b"{999993653}"),
        hashlib.sha256(b"999993653").digest(),
        base64.b64encode(hashlib.sha256(b"bsn:999993653").digest()),
    ):
        assert found_in(content, wanted), content
    assert not found_in(b"999993652 Moulijn", wanted)


@given(anna=PERSONS, child=PERSONS, cents=AMOUNTS)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_value_stands_in_database_header_or_parcel(
    anna: PersonRef, child: PersonRef, cents: int
) -> None:
    if anna.bsn == child.bsn:
        return
    wanted = needles([*values_of(anna, child), str(cents), "Achterstraat-77"])
    with tempfile.TemporaryDirectory() as name:
        directory, line = Path(name), Line()
        utrecht = TestDesk(directory, "gm0344", line=line, name="a")
        uwv = TestDesk(directory, "uwv", line=line, name="b")
        toeslagen = TestDesk(directory, "toeslagen", line=line, name="c")
        home = Address(municipality="0344", street="Achterstraat-77", number="1")
        sent = [
            (utrecht, utrecht.record(drafts.move(anna))),
            (utrecht, utrecht.record(drafts.birth(child, anna, address=home))),
            (uwv, uwv.record(drafts.income(anna, cents))),
        ]
        parcels = [author.parcel(identity, "toeslagen") for author, identity in sent]
        toeslagen.deliver(*parcels)
        for desk in (utrecht, uwv, toeslagen):
            desk.follow()
        assert len(toeslagen.facts.facts_of(toeslagen.facts.subjects())) == 3
        for author, identity in sent:
            assert not found_in(author.envelope(identity), wanted)
        for parcel in parcels:
            assert not found_in(str(parcel.as_json()).encode() + parcel.sealed, wanted)
        assert files_with(directory, wanted) == {}

        other = anna.model_copy(update={"surname": "Heel Anders"})
        with pytest.raises(RefusedError) as caught:
            uwv.prepare(drafts.income(other, cents, n=2))
        told = f"{caught.value}{caught.value.problem.as_json()}"
        assert not found_in(told.encode(), wanted | needles(["Heel Anders"]))
        for desk in (utrecht, uwv, toeslagen):
            desk.close()


def test_nothing_personal_in_any_byte_of_a_running_network(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    anna = PersonRef(bsn="999993653", birth_date=date(1984, 2, 17), surname="Quackelsteyn")
    child = PersonRef(bsn="999990482", birth_date=date(2019, 8, 23), surname="Quackelsteyn")
    cents = 918_273_645
    birth = replace(
        drafts.birth(child, anna),
        data=Birth(
            person=child,
            parents=(anna,),
            address=Address(municipality="0344", street="Vossenlaan-913", number="8"),
        ),
    )
    wanted = needles([*values_of(anna, child), str(cents), "Vossenlaan-913", "Bakkerij Halverwege"])
    homes = make_homes(tmp_path / "network")
    caplog.set_level(logging.DEBUG)

    async def work() -> list[str]:
        async with running(homes) as network:
            sent: list[tuple[str, RecordDraft]] = [
                ("gm0344", drafts.move(anna)),
                ("gm0344", birth),
                ("uwv", drafts.income(anna, cents)),
                ("lichtstroom", drafts.charge(anna)),
            ]
            receipts = []
            for member, draft in sent:
                recorded = await record(network.nodes[member].desk, draft)
                receipts.append(recorded.receipt.decode() + recorded.record)
            await network.quiet()
            toeslagen = network.nodes["toeslagen"]
            assert len(toeslagen.facts.facts_of(toeslagen.facts.subjects())) == 3
            log = network.nodes["belastingdienst"].ledger.log
            assert log is not None
            await export(log.store, tmp_path / "export")
            return receipts

    receipts = asyncio.run(work())
    assert not found_in("".join(receipts).encode(), wanted)
    assert not found_in(caplog.text.encode(), wanted)
    assert files_with(tmp_path, wanted) == {}


def test_destroyed_keys_make_content_unreadable_and_leave_others_alone(tmp_path: Path) -> None:
    line = Line()
    uwv = TestDesk(tmp_path, "uwv", line=line)
    kept, gone = drafts.BRAM, drafts.ANNA
    identities = [uwv.record(drafts.income(person)) for person in (gone, kept)]
    uwv.follow()
    subject, other = (uwv.subject(person) for person in (gone, kept))
    assert subject is not None
    assert other is not None
    with uwv.database.read() as connection:
        key = connection.exec_driver_sql(
            "SELECT wrapped FROM node_content_keys WHERE subject = ?", (subject,)
        ).scalar_one()
    with uwv.database.write() as connection:
        assert uwv.records.erase(connection, subject) == 1
    uwv.facts.forget()
    with uwv.opening() as connection, pytest.raises(ErasedError):
        uwv.records.content(connection, "uwv", identities[0])
    with uwv.opening() as connection, pytest.raises(ErasedError):
        uwv.records.subjects.identity(connection, subject)
    assert uwv.state("uwv", identities[0]) == "erased"
    assert uwv.outbox(identities[0]) == set()
    assert uwv.subject(gone) is None
    assert uwv.facts.fact("uwv", identities[1]) is not None
    assert uwv.outbox(identities[1])
    with pytest.raises(RefusedError):
        uwv.prepare(drafts.income(gone))  # the same event does not bring erased content back
    uwv.close()
    # SQLite overwrites what it deletes (secure_delete), the log included once it is folded in.
    with sqlite3.connect(uwv.path) as connection_after:
        connection_after.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection_after.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key not in left
