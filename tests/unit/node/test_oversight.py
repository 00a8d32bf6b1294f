"""The auditor's reading of the ledger: over the mirror of a small network, whole and damaged."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

import pytest

from ledger.errors import LedgerError
from ledger.follow import CopyReader
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.ports import Store
from ledger.rules import governance
from node.letters.pdf import own_file, pdf_of
from node.oversight.reader import SAMPLE_MAX, Oversight, proof_file, sample_of
from node.portal import verifier
from tests import ledger_network as nets

T = TypeVar("T")
AT = datetime.fromtimestamp(nets.FixedClock().now(), UTC)


@dataclass
class Side:
    """The part of a LedgerSide that the reader asks."""

    following: CopyReader
    log: object
    mirror: None = None

    async def refresh(self) -> None:
        await self.following.start()

    def quorum_checkpoint(self) -> bytes | None:
        return None


@dataclass
class View:
    registry: object
    size: int


def over(
    work: Callable[[Oversight, nets.Network], Awaitable[T]], *, damage: int | None = None
) -> T:
    """Over a log of seven entries: genesis, five records, a governance entry; one refused."""

    async def run() -> T:
        network = await nets.make_network()
        for seed in range(5):
            await network.log.append(nets.record(network.log_id, f"one {seed}"))
        body = governance.next_body(
            network.log.registry, "publish", artefact=verifier.NAME, sha256=verifier.digest()
        )
        signed = governance.with_signers(
            body, {m: nets.signer(m, "governance") for m in nets.MIRRORS[:3]}
        )
        await network.log.append(nets.governance_record(signed, log=network.log_id, seen=0))
        with pytest.raises(LedgerError):
            await network.log.append(nets.record(network.log_id, "x", record_class="person"))
        store: Store = network.store
        if damage is not None:
            raw = bytearray(store._rows[damage].raw)  # type: ignore[attr-defined]
            raw[80] ^= 1

            store._rows[damage] = store._rows[damage]._replace(raw=bytes(raw))  # type: ignore[attr-defined]
        view = View(network.log.registry, 7)
        side = Side(CopyReader(store), network.log)
        reader = Oversight(side, view, store)  # type: ignore[arg-type]
        try:
            return await work(reader, network)
        finally:
            await network.log.stop()

    return asyncio.run(run())


def test_the_first_page_tells_head_quorum_growth_and_refusals() -> None:
    view = over(lambda reader, _: reader.whole())
    assert (view.head.size, view.head.quorum, view.head.mirrors) == (7, 3, 4)
    assert view.head.satisfied
    assert {one.member for one in view.head.cosigned} >= set(nets.MIRRORS[:3])
    assert view.head.at == AT
    assert view.growth.days == ((AT.date(), 7),)
    assert view.refused == {"class_not_allowed": 1}
    assert [entry.governance["type"] for entry in view.governance if entry.governance] == [
        "publish",
        "genesis",
    ]
    assert view.verifier_published
    assert view.verifier_digest == verifier.digest()
    assert (view.void, view.evidence) == (0, [])


def test_an_entry_comes_with_a_proof_that_others_verify() -> None:
    async def work(reader: Oversight, network: nets.Network) -> None:
        entry, policy = await reader.entry(3), network.log.registry.policy_text()
        assert entry.recorded_by == AT
        proof = json.loads(proof_file(entry, policy))
        receipt = parse_receipt(proof["receipt"].encode())
        opened = verify_receipt(receipt, entry.raw, parse_policy(proof["policy"].encode()))
        assert opened.checkpoint.size == 7
        for n in (7, 99):
            with pytest.raises(LookupError):
                await reader.entry(n)

    over(work)


def test_consistency_between_sizes_and_days() -> None:
    async def work(reader: Oversight, _: nets.Network) -> None:
        view = await reader.consistency(3, 7)
        assert (view.old_size, view.new_size) == (3, 7)
        assert view.path
        same = await reader.between(AT.date(), AT.date())
        assert (same.old_size, same.new_size) == (7, 7)
        for wrong in ((0, 7), (7, 3), (3, 8)):
            with pytest.raises(LookupError):
                await reader.consistency(*wrong)
        with pytest.raises(LookupError):
            await reader.between(date(2020, 1, 1), AT.date())

    over(work)


def test_a_sample_checks_everything_it_draws() -> None:
    view = over(lambda reader, _: reader.sample(SAMPLE_MAX + 1, "seed"))
    assert view.checked == tuple(range(7))
    assert view.wrong == ()


def test_a_damaged_copy_is_named_and_never_shown_as_good() -> None:
    view = over(lambda reader, _: reader.sample(7, "seed"), damage=4)
    assert {wrong.split(":")[0] for wrong in view.wrong} >= {"4"}

    async def entry(reader: Oversight, _: nets.Network) -> None:
        with pytest.raises(LedgerError):
            await reader.entry(4)

    over(entry, damage=4)


def test_everyone_draws_the_same_sample() -> None:
    assert sample_of("zaad-1", 5, 1_000_000) == sample_of("zaad-1", 5, 1_000_000)
    assert sample_of("zaad-1", 5, 1_000_000) != sample_of("zaad-2", 5, 1_000_000)
    assert sample_of("x", 10, 3) == (0, 1, 2)
    assert sample_of("x", 10, 0) == ()


def unpacked(pdf: bytes) -> bytes:
    """The file with its compressed streams behind it in clear."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    clear = [zlib.decompressobj().decompress(each) for each in streams if each[:1] == b"x"]
    return b"\n".join([pdf, *clear])


def test_a_letter_is_a_tagged_pdf_and_loads_nothing_from_outside() -> None:
    content = pdf_of("<html lang='nl'><head><title>x</title></head><body><h1>Dag</h1></body>")
    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in unpacked(content)
    assert b"pdfuaid" in unpacked(content)
    for address in ("http://127.0.0.1/x", "file:///etc/passwd", "letter.css"):
        with pytest.raises(ValueError, match="outside"):
            own_file(address)
