"""The sequencer: order, receipts only after the quorum, idempotence, refusals, back-pressure."""

from __future__ import annotations

import asyncio

import pytest

from ledger.errors import AdmissionError, BusyError, StoreError
from ledger.formats.packages import parse_upload
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt, parse_receipt, verify_receipt
from ledger.log import Log
from ledger.ports import Answer, Stored
from ledger.rules import governance
from ledger.rules.genesis import create_log
from ledger.sequencing.intake import Limits
from ledger.stores.store_memory import MemoryStore
from tests import ledger_network as nets


def test_a_receipt_verifies_with_the_policy_alone() -> None:
    async def work() -> None:
        net = await nets.make_network()
        receipt = await net.log.append(nets.record(net.log_id, "a"))
        (entry,) = await net.store.entries(receipt.index, receipt.index + 1)
        policy = parse_policy(net.log.registry.policy_text().encode())
        opened = verify_receipt(parse_receipt(receipt.encode()), entry, policy)
        assert len(opened.cosigners) >= 3
        await net.log.stop()

    asyncio.run(work())


def test_the_same_record_again_gets_the_same_receipt() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raw = nets.record(net.log_id, "a")
        first = await net.log.append(raw)
        await net.log.append(nets.record(net.log_id, "b"))
        assert await net.log.append(raw) == first
        twice = await net.log.append_many([raw, raw])
        assert twice == [first, first]
        assert net.log.status().size == 3
        await net.log.stop()

    asyncio.run(work())


def test_two_of_the_same_at_once_make_one_entry() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raw = nets.record(net.log_id, "a")
        receipts = await asyncio.gather(*(net.log.append(raw) for _ in range(20)))
        assert {each.index for each in receipts} == {1}
        assert net.log.status().size == 2
        await net.log.stop()

    asyncio.run(work())


def test_the_same_id_with_other_content_is_refused_before_and_after_it_is_recorded() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raw, other = (nets.record(net.log_id, "a", content=each) for each in ("", "other"))
        answers = await net.log.append_many([raw, other])
        assert isinstance(answers[0], Receipt)
        assert isinstance(answers[1], AdmissionError)
        with pytest.raises(AdmissionError) as refused:
            await net.log.append(other)
        assert refused.value.code == "reused_id"
        assert net.log.status().size == 2
        await net.log.stop()

    asyncio.run(work())


def test_every_refusal_has_its_code_and_leaves_no_entry() -> None:
    async def work() -> None:
        net = await nets.make_network(seen_lag_max=10)
        for n in range(20):
            await net.log.append(nets.record(net.log_id, f"r{n}", seen=n))
        size = net.log.status().size
        assert size == 21
        good = nets.record(net.log_id, "x", seen=15)
        cases = {
            "unknown_member": nets.record(net.log_id, "1", author="nobody", seen=15),
            "wrong_key": nets.record(net.log_id, "2", seen=15, key=nets.signer("svb", "record")),
            "bad_signature": nets.record(
                net.log_id, "3", seen=15, key=nets.signer("stranger", "record")
            ),
            "class_not_allowed": nets.record(
                net.log_id, "4", author="woonstad", record_class="income", seen=15
            ),
            "wrong_log": nets.record(nets.b64(bytes(32)), "5", seen=15),
            "stale_seen": nets.record(net.log_id, "6", seen=5),
            "future_seen": nets.record(net.log_id, "7", seen=10**6),
            "oversize": good + b" " * 70_000,
            "malformed": good + b" ",
        }
        for code, raw in cases.items():
            with pytest.raises(AdmissionError) as refused:
                await net.log.append(raw)
            assert refused.value.code == code
        assert net.log.status().size == size
        await net.log.stop()

    asyncio.run(work())


class CountingStore(MemoryStore):
    """Counts how often it is asked what it holds."""

    loads = 0

    async def load(self) -> Stored:
        self.loads += 1
        return await super().load()


def test_refusals_cost_one_look_at_the_store_for_all_of_a_batch_and_receipts_none() -> None:
    async def work() -> None:
        store = CountingStore()
        net = await nets.make_network(store=store)
        await net.log.append(nets.record(net.log_id, "first"))
        body = governance.next_body(net.log.registry, "quorum", quorum=2)
        bad = [
            *(nets.record(net.log_id, f"{n}", key=nets.signer("x", "y")) for n in range(50)),
            nets.record(net.log_id, "later", seen=10**6),
            *(
                nets.governance_record({**body, "seq": n}, log=net.log_id, author=author)
                for n in range(5)
                for author in ("uwv", "nobody")
            ),
        ]
        before = store.loads
        await net.log.append_many([nets.record(net.log_id, f"good {n}") for n in range(9)])
        assert store.loads == before
        answers = await net.log.append_many([*bad, nets.record(net.log_id, "good")])
        assert isinstance(answers.pop(), Receipt)
        assert store.loads == before  # that the good one was stored shows as much as a look
        assert await _codes(net.log, bad) == [each.code for each in answers]  # type: ignore[union-attr]
        assert store.loads == before + 1
        assert await _codes(net.log, [b"", bad[0] + b" "]) == ["malformed"] * 2
        assert store.loads == before + 1
        assert net.log.status().size == 12
        await net.log.stop()

    asyncio.run(work())


async def _codes(log: Log, raws: list[bytes]) -> list[str]:
    answers = await log.append_many(raws)
    return [each.code for each in answers if isinstance(each, AdmissionError)]


def test_no_receipt_and_no_published_head_without_the_quorum() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        for member in ("uwv", "svb"):
            net.peers[member].down = True
        waiting = asyncio.create_task(net.log.append(nets.record(net.log_id, "b")))
        await nets.settled(lambda: net.mirrors["gm0344"].size == 3)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        published = (await net.store.load()).published
        assert published is not None
        assert published.size == 2
        net.peers["svb"].down = False
        receipt = await waiting
        assert receipt.index == 2
        await nets.settled(lambda: net.mirrors["svb"].size == 3)
        assert net.mirrors["uwv"].size == 2
        net.peers["uwv"].down = False
        await nets.settled(lambda: net.mirrors["uwv"].size == 3)
        await net.log.stop()

    asyncio.run(work())


def test_late_mirrors_and_witnesses_are_shown_but_not_in_receipts() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raw = nets.record(net.log_id, "a")
        receipt = await net.log.append(raw)

        shown = 0
        for _ in range(500):
            published = (await net.store.load()).published
            shown = 0 if published is None else published.note.count(b"\xe2\x80\x94 ")
            if shown == 7:
                break
            await asyncio.sleep(0.002)
        assert shown == 7  # the log, four mirrors, two witnesses
        assert await net.log.append(raw) == receipt
        await net.log.stop()

    asyncio.run(work())


def test_a_full_queue_answers_busy_and_takes_nothing() -> None:
    async def work() -> None:
        limits = Limits(batch_seconds=0.0, queue_entries_max=5, push_retry_seconds=0.002)
        net = await nets.make_network(limits=limits)
        answers = await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(9)])
        assert [type(each) for each in answers] == [Receipt] * 5 + [BusyError] * 4
        assert net.log.status().size == 6
        await net.log.stop()

    asyncio.run(work())


def test_after_a_stop_what_was_stored_is_published_by_the_next_start() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        for peer in net.peers.values():
            peer.down = True
        raw = nets.record(net.log_id, "b")
        waiting = asyncio.create_task(net.log.append(raw))
        await nets.settled(lambda: net.log.status().size == 3)
        await net.log.stop()
        with pytest.raises(BusyError):
            await waiting
        for peer in net.peers.values():
            peer.down = False
        again = nets.make_log(net.store, net.peers, net.clock)
        await again.start()
        await nets.settled(lambda: again.status().published_size == 3)
        assert (await again.append(raw)).index == 2
        await again.stop()

    asyncio.run(work())


def test_a_log_of_many_tiles_gives_receipts_that_verify() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raws = [nets.record(net.log_id, f"{n}") for n in range(700)]
        receipts = await net.log.append_many(raws)
        policy = parse_policy(net.log.registry.policy_text().encode())
        entries = await net.store.entries(0, 701)
        for receipt in receipts:
            assert isinstance(receipt, Receipt)
            verify_receipt(receipt, entries[receipt.index], policy)
        assert [each.index for each in receipts] == list(range(1, 701))  # type: ignore[union-attr]
        await nets.settled(lambda: {m.size for m in net.mirrors.values()} == {701})
        await net.log.stop()

    asyncio.run(work())


def test_a_new_sequencer_sends_a_mirror_nothing_it_stores_already() -> None:
    class Noting(nets.DoorPeer):
        starts: list[int]

        async def post(self, path: str, body: bytes, content_type: str) -> Answer:
            if path == "add-entries":
                self.starts.append(parse_upload(body)[0].start)
            return await super().post(path, body, content_type)

    async def work() -> None:
        net = await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(300)])
        await nets.settled(lambda: {m.size for m in net.mirrors.values()} == {301})
        await net.log.stop()
        peers = {m: Noting(peer.door) for m, peer in net.peers.items()}
        for peer in peers.values():
            peer.starts = []
        again = nets.make_log(net.store, peers, net.clock)
        await again.start()
        assert (await again.append(nets.record(net.log_id, "new"))).index == 301
        await nets.settled(lambda: {m.size for m in net.mirrors.values()} == {302})
        assert {start for peer in peers.values() for start in peer.starts} == {301}
        await again.stop()

    asyncio.run(work())


def test_a_second_genesis_is_refused() -> None:
    async def work() -> None:
        store = MemoryStore()
        genesis = nets.governance_record(nets.genesis_body(), log="")
        await create_log(store, genesis, nets.log_signer())
        with pytest.raises(StoreError, match="made once"):
            await create_log(store, genesis, nets.log_signer())

    asyncio.run(work())


def test_a_genesis_needs_the_votes_and_its_own_log_key() -> None:
    async def work() -> None:
        few = nets.governance_record(nets.genesis_body(signers=("uwv", "svb")), log="")
        with pytest.raises(AdmissionError):
            await create_log(MemoryStore(), few, nets.log_signer())
        genesis = nets.governance_record(nets.genesis_body(), log="")
        with pytest.raises(AdmissionError):
            await create_log(MemoryStore(), genesis, nets.log_signer(2))

    asyncio.run(work())


def test_starting_without_a_genesis_says_what_to_do() -> None:
    async def work() -> None:
        log = nets.make_log(MemoryStore(), {}, nets.FixedClock())
        with pytest.raises(StoreError, match="vastedag init"):
            await log.start()

    asyncio.run(work())
