"""L1: every durable step of sequencer and mirror fails twice: lost, and done but unanswered.

The client sends the same bytes again until it holds a receipt; then the whole network is checked,
restarted on what is stored, and checked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ledger.errors import BusyError, StoreError
from ledger.formats.proof import Receipt
from ledger.log import Log
from ledger.ports import Store, Stored
from ledger.rules import governance
from ledger.stores.store_memory import MemoryStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.fault.runner import LONG, runs

RECORDS = runs(short=4, long=6)


async def sent(net: nets.Network, raw: bytes) -> Receipt:
    """Send until there is a receipt, as an outbox does."""
    for _ in range(40):
        try:
            return await asyncio.wait_for(net.log.append(raw), 5)
        except (StoreError, BusyError):
            await asyncio.sleep(0.002)
    raise AssertionError("no receipt after 40 tries")


SEQUENCER_STEPS = [
    (step, after)
    for step in (*faults.WRITES[:2], "acquire", *faults.READS)
    for after in ((1, 3) if LONG or step not in faults.READS else (1,))
]


@pytest.mark.parametrize("done", [False, True], ids=["lost", "unanswered"])
@pytest.mark.parametrize(("step", "after"), SEQUENCER_STEPS)
def test_l1_each_step_of_the_sequencer_fails_and_nothing_is_lost(
    step: str, done: bool, after: int
) -> None:
    async def work() -> None:
        store = faults.FaultyStore(MemoryStore())
        net = await nets.make_network(store=store, start=False)
        store.fault = faults.Fault(step=step, done=done, after=after, times=2)
        for _ in range(3):
            try:
                await net.log.start()
                break
            except StoreError:
                continue
        receipts: dict[bytes, Receipt] = {}
        for n in range(RECORDS):
            raw = nets.record(net.log_id, f"{n}")
            receipts[raw] = await sent(net, raw)
        assert store.fault.hits > 0 or after > 1
        store.fault = None
        copies: list[Store] = [mirror.store for mirror in net.mirrors.values()]
        await faults.check_network(store, copies, receipts)
        await net.log.stop()
        net.log = nets.make_log(store, net.peers, net.clock)
        await net.log.start()
        for raw, receipt in receipts.items():
            assert (await sent(net, raw)).index == receipt.index
        await faults.check_network(store, copies, receipts)
        await net.log.stop()

    asyncio.run(work())


@pytest.mark.parametrize("done", [False, True], ids=["lost", "unanswered"])
@pytest.mark.parametrize("step", ["commit", "set_head", "load", "find", "tiles", "entries"])
def test_l1_each_step_of_every_mirror_fails_and_the_quorum_still_comes(
    step: str, done: bool
) -> None:
    async def work() -> None:
        stores = {member: faults.FaultyStore(MemoryStore()) for member in nets.MIRRORS}
        net = await nets.make_network(mirror_stores=stores)
        receipts: dict[bytes, Receipt] = {}
        hits = 0
        for n in range(RECORDS):
            for store in stores.values():
                store.fault = faults.Fault(step=step, done=done)
            raw = nets.record(net.log_id, f"{n}")
            receipts[raw] = await sent(net, raw)
            hits += sum(store.fault.hits for store in stores.values() if store.fault)
        if step in ("commit", "set_head"):
            assert hits >= RECORDS
        for store in stores.values():
            store.fault = None
        await faults.check_network(net.store, stores.values(), receipts)
        await net.log.stop()

    asyncio.run(work())


def test_l1_a_store_that_stays_broken_gives_no_receipt_and_recovers_by_itself() -> None:
    async def work() -> None:
        store = faults.FaultyStore(MemoryStore())
        net = await nets.make_network(store=store)
        first = nets.record(net.log_id, "first")
        receipts = {first: await sent(net, first)}
        store.fault = faults.Fault(step="commit", done=False, times=10**6)
        raw = nets.record(net.log_id, "second")
        with pytest.raises(StoreError):
            await asyncio.wait_for(net.log.append(raw), 20)
        assert net.log.status().problem is not None
        assert (await store.load()).size == 2
        store.fault = None
        receipts[raw] = await sent(net, raw)
        assert net.log.status().problem is None
        await faults.check_network(store, [m.store for m in net.mirrors.values()], receipts)
        await net.log.stop()

    asyncio.run(work())


class SleepyClock(nets.FixedClock):
    """Its owner does not wake up for long waits: it never renews its lease."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(3_600 if seconds > 1 else 0.002)


def test_l1_a_sequencer_that_slept_through_its_lease_commits_nothing_more() -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        clock = SleepyClock()
        first = nets.make_log(net.store, net.peers, clock, holder="first")
        await first.start()
        raw = nets.record(net.log_id, "a")
        receipts = {raw: await first.append(raw)}
        second = nets.make_log(net.store, net.peers, net.clock, holder="second")
        await second.start()
        await nets.settled(lambda: "lease" in (second.status().problem or ""))
        assert isinstance(net.clock, nets.FixedClock)
        net.clock.time += 100
        await nets.settled(lambda: second.status().running)
        assert first.status().running  # it does not know yet
        other = nets.record(net.log_id, "b")
        with pytest.raises(StoreError, match="lease"):
            await first.append(other)
        assert (await net.store.load()).size == 2
        receipts[other] = await second.append(other)
        await faults.check_network(net.store, [m.store for m in net.mirrors.values()], receipts)
        await first.stop()
        await second.stop()

    asyncio.run(work())


async def rotated(log: Log, log_id: str) -> Receipt:
    """The record key of the records' author ends; `record2` is the next."""
    key = nets.b64(nets.signer("uwv", "record2").public_key)
    body = governance.next_body(log.registry, "rotate", member="uwv", use="record", key=key)
    signed = governance.with_signers(body, {"uwv": nets.signer("uwv", "governance")})
    return await log.append(nets.governance_record(signed, log=log_id))


KNOWN_ONLY_TO_THE_OTHER = {
    "bad_signature": lambda log: nets.record(log, "b", key=nets.signer("uwv", "record2")),
    "future_seen": lambda log: nets.record(
        log, "b", author="svb", seen=2, key=nets.signer("svb", "record")
    ),
}


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with one to store"])
@pytest.mark.parametrize("code", KNOWN_ONLY_TO_THE_OTHER)
def test_l1_a_sequencer_that_was_overtaken_refuses_nothing_for_good(
    code: str, beside: bool
) -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        clock = SleepyClock()
        first = nets.make_log(net.store, net.peers, clock, holder="first")
        await first.start()
        await nets.settled(lambda: first.status().running)
        assert isinstance(net.clock, nets.FixedClock)
        net.clock.time += 100
        second = nets.make_log(net.store, net.peers, net.clock, holder="second")
        await second.start()
        await rotated(second, net.log_id)
        raw = KNOWN_ONLY_TO_THE_OTHER[code](net.log_id)
        assert first.status().running  # it does not know yet
        others = [nets.record(net.log_id, "c")] if beside else []
        answers = await first.append_many([raw, *others])
        why = "lease: it changed hands" if beside else "another sequencer wrote"
        assert all(isinstance(each, StoreError) and why in str(each) for each in answers)
        assert first.status().refused == {}
        await second.stop()
        clock.time += 200
        receipts = {raw: await sent(replaced(net, first), raw)}
        await faults.check_network(net.store, [m.store for m in net.mirrors.values()], receipts)
        await first.stop()

    asyncio.run(work())


def replaced(net: nets.Network, log: Log) -> nets.Network:
    """The network with this one as its sequencer."""
    net.log = log
    return net


class OvertakenStore(faults.FaultyStore):
    """Just before its `at`-th load something else happens to what is stored."""

    loads = 0

    def __init__(self, inner: Store, at: int, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(inner)
        self._at = at
        self._happens = happens

    async def load(self) -> Stored:
        self.loads += 1
        if self.loads == self._at:
            await self._happens()
        return await super().load()


def test_l1_a_sequencer_overtaken_while_it_recovers_refuses_nothing_for_good() -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        second = nets.make_log(net.store, net.peers, net.clock, holder="second")
        overtaken = asyncio.Event()

        async def overtake() -> None:
            assert isinstance(net.clock, nets.FixedClock)
            net.clock.time += 100
            await second.start()
            await rotated(second, net.log_id)
            overtaken.set()

        # Two loads of its start, one of the tail it recovers; then the one that it builds upon.
        store = OvertakenStore(net.store, 4, overtake)
        first = nets.make_log(store, net.peers, SleepyClock(), holder="first")
        await first.start()
        await asyncio.wait_for(overtaken.wait(), 20)
        raw = nets.record(net.log_id, "b", key=nets.signer("uwv", "record2"))
        with pytest.raises(StoreError):
            await first.append(raw)
        assert "lease" in (first.status().problem or "")
        assert (await second.append(raw)).index == 2
        await first.stop()
        await second.stop()

    asyncio.run(work())
