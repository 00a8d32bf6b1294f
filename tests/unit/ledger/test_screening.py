"""Screening whole runs: one answer in place, on threads and on processes, also when they die."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from ledger.errors import AdmissionError, LedgerError
from ledger.formats import canonical
from ledger.formats.chain import GENESIS_PREV, Entry, encode_entry, entry_bytes, entry_hash
from ledger.formats.envelope import Envelope
from ledger.formats.proof import Receipt
from ledger.rules import admission
from ledger.rules.registry import Registry
from ledger.sequencing import checks_processes
from ledger.sequencing.checks_processes import PARALLEL_FROM, ProcessChecks
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.sequencing.screening import (
    Screening,
    decode_raws,
    decode_screening,
    encode_raws,
    encode_screening,
    joined,
    screen,
)
from ledger.stores.store_memory import MemoryStore
from tests import ledger_network as nets


def _registry() -> Registry:
    genesis = admission.open_envelope(nets.governance_record(nets.genesis_body(), log=""))
    raw = encode_entry(Entry(n=0, prev=GENESIS_PREV, envelope_raw=genesis.raw))
    return admission.found(genesis, entry_hash(raw))


def _run(registry: Registry, count: int = 200) -> list[bytes]:
    """Good records with every kind of bad one between them, always in the same places."""
    good = [nets.record(registry.log, f"r{n}", seen=n % 7) for n in range(count)]
    bad = [
        nets.record(registry.log, "1", author="nobody"),
        nets.record(registry.log, "2", key=nets.signer("svb", "record")),
        nets.record(registry.log, "3", key=nets.signer("stranger", "record")),
        nets.record(registry.log, "4", author="woonstad", record_class="income"),
        nets.record(nets.b64(bytes(32)), "5"),
        good[0] + b" ",
        b"",
        good[0] + b" " * 70_000,
    ]
    chance = random.Random(7)
    for each in bad:
        good.insert(chance.randrange(len(good)), each)
    return good


def _admit(raw: bytes, registry: Registry) -> Envelope:
    envelope = admission.open_envelope(raw)
    keys = admission.candidates(registry, 10, envelope.header)
    admission.check_signature(registry, envelope, keys)
    return envelope


def _told(screening: Screening) -> object:
    refusals = {at: (each.code, str(each)) for at, each in screening.refusals.items()}
    return screening.identities, list(screening.seen), screening.governance, refusals


def test_a_screening_says_what_admission_says_of_each_record() -> None:
    registry = _registry()
    raws = _run(registry)
    screening = screen(raws, registry)
    assert len(screening) == len(raws)
    for place, raw in enumerate(raws):
        if place in screening.refusals:
            with pytest.raises(AdmissionError) as refused:
                _admit(raw, registry)
            assert refused.value.code == screening.refusals[place].code
        else:
            header = _admit(raw, registry).header
            assert screening.identity(place) == admission.identity_of(header)
            assert screening.seen[place] == header.seen
    assert {each.code for each in screening.refusals.values()} == {
        "unknown_member",
        "wrong_key",
        "bad_signature",
        "class_not_allowed",
        "wrong_log",
        "malformed",
        "oversize",
    }


def test_runs_and_screenings_travel_as_bytes_and_are_joined_in_order() -> None:
    registry = _registry()
    raws = _run(registry, 30)
    raws.append(nets.governance_record(nets.genesis_body(), log=registry.log))
    assert decode_raws(encode_raws(raws)) == raws
    whole = screen(raws, registry)
    assert whole.governance == {len(raws) - 1}
    parts = [decode_screening(encode_screening(screen(raws[at : at + 7], registry))) for at in
             range(0, len(raws), 7)]  # fmt: skip
    assert _told(joined(parts)) == _told(whole)
    with pytest.raises(LedgerError, match="cut off"):
        decode_raws(encode_raws(raws)[:-1])


@pytest.mark.parametrize("n", [0, 1, 255, 65_536, 2**53 - 1])
def test_an_entry_made_by_joining_is_its_canonical_json(n: int) -> None:
    raw = nets.record(_registry().log, f"r{n}")
    prev = entry_hash(raw)
    value = {"n": n, "prev": prev, "envelope": canonical.decode_canonical(raw)}
    assert entry_bytes(n, prev, raw) == canonical.encode(value)


async def _when_ready(checks: ProcessChecks, count: int, raws: list[bytes], by: Registry) -> None:
    end = time.monotonic() + 30
    while len(checks.pids()) < count:
        assert time.monotonic() < end, "the processes do not start"
        await checks.screen(raws, by)
        await asyncio.sleep(0.05)


def _with_processes(work: Callable[[ProcessChecks], Awaitable[None]]) -> None:
    async def main() -> None:
        checks = ProcessChecks(2, threads=1)
        try:
            await work(checks)
        finally:
            checks.close()

    asyncio.run(main())


def test_processes_threads_and_place_give_the_same_answer_and_leave_nothing_behind() -> None:
    registry = _registry()
    raws = _run(registry)
    expected = _told(screen(raws, registry))
    pids: list[int] = []

    async def work(checks: ProcessChecks) -> None:
        threads = ThreadChecks(2)
        assert _told(await threads.screen(raws, registry)) == expected
        threads.close()
        few = raws[: PARALLEL_FROM - 1]
        assert _told(await checks.screen(few, registry)) == _told(screen(few, registry))
        assert not checks._workers, "a small load starts no process"
        assert _told(await checks.screen(raws, registry)) == expected  # they are starting still
        await _when_ready(checks, 2, raws, registry)
        pids.extend(checks.pids())
        answers = await asyncio.gather(*(checks.screen(raws, registry) for _ in range(6)))
        assert all(_told(each) == expected for each in answers)

    _with_processes(work)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_killed_processes_lose_nothing_and_are_started_again() -> None:
    registry = _registry()
    raws = _run(registry)
    expected = _told(screen(raws, registry))

    async def work(checks: ProcessChecks) -> None:
        await _when_ready(checks, 2, raws, registry)
        first = checks.pids()
        asked = [asyncio.create_task(checks.screen(raws, registry)) for _ in range(8)]
        await asyncio.sleep(0)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*asked)
        assert all(_told(each) == expected for each in answers)
        await _when_ready(checks, 2, raws, registry)
        assert not set(first) & set(checks.pids())
        assert _told(await checks.screen(raws, registry)) == expected

    _with_processes(work)


def test_a_stopped_process_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_processes, "ANSWER_SECONDS_MAX", 0.3)
    registry = _registry()
    raws = _run(registry)
    expected = _told(screen(raws, registry))

    async def work(checks: ProcessChecks) -> None:
        await _when_ready(checks, 2, raws, registry)
        for pid in checks.pids():
            os.kill(pid, signal.SIGSTOP)
        assert _told(await asyncio.wait_for(checks.screen(raws, registry), 20)) == expected
        assert not checks.pids()

    _with_processes(work)


def test_unused_processes_end_and_start_again_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _registry()
    raws = _run(registry)

    async def work(checks: ProcessChecks) -> None:
        await _when_ready(checks, 2, raws, registry)
        first = [worker._process for worker in checks._workers]
        monkeypatch.setattr(checks_processes, "IDLE_SECONDS", 0.2)
        checks._end_when_idle(asyncio.get_running_loop())
        await asyncio.sleep(0.4)
        assert not checks.pids()
        assert all(process.returncode is not None for process in first)
        monkeypatch.setattr(checks_processes, "IDLE_SECONDS", 60.0)
        await _when_ready(checks, 2, raws, registry)

    _with_processes(work)


def test_a_process_ends_when_its_sequencer_is_gone() -> None:
    registry = _registry()
    raws = _run(registry)

    async def work(checks: ProcessChecks) -> None:
        await _when_ready(checks, 2, raws, registry)
        worker = checks._workers[0]
        worker._wire.shutdown(socket.SHUT_RDWR)  # as the end of its process would
        assert await asyncio.to_thread(worker._process.wait, 20) == 0

    _with_processes(work)


def test_a_new_registry_reaches_the_processes() -> None:
    async def work(checks: ProcessChecks) -> None:
        registry = _registry()
        raws = _run(registry)
        await _when_ready(checks, 2, raws, registry)
        other = {**nets.ROLES, "uwv": "creditor"}
        genesis = admission.open_envelope(
            nets.governance_record(nets.genesis_body(roles=other), log="")
        )
        changed = admission.found(genesis, registry.log)
        assert changed.log == registry.log
        answers = await asyncio.gather(checks.screen(raws, registry), checks.screen(raws, changed))
        assert _told(answers[0]) == _told(screen(raws, registry))
        assert _told(answers[1]) == _told(screen(raws, changed))
        assert len(answers[1].refusals) > 200

    _with_processes(work)


def test_a_log_on_processes_answers_each_record_once_while_they_are_killed() -> None:
    """L1: receipts for all, each id once, in one order, whatever becomes of the processes."""

    async def work(checks: ProcessChecks) -> None:
        net = await nets.make_network(store=MemoryStore(), start=False)
        log = nets.make_log(net.store, net.peers, net.clock, checks=checks)
        await log.start()
        runs = [[nets.record(net.log_id, f"{run}/{n}") for n in range(60)] for run in range(12)]
        again = runs[3]

        async def chaos() -> None:
            for _ in range(20):
                for pid in checks.pids():
                    os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.1)

        killing = asyncio.create_task(chaos())
        answers = await asyncio.gather(*(log.append_many(run) for run in [*runs, again]))
        killing.cancel()
        receipts = [each for answer in answers[:-1] for each in answer]
        assert all(isinstance(each, Receipt) for each in receipts)
        numbers = [each.index for each in receipts if isinstance(each, Receipt)]
        assert sorted(numbers) == list(range(1, 721))
        assert answers[-1] == answers[3]
        await log.stop()

    _with_processes(work)
