"""`vastedag bench append`: the figure, the machine's own limit in the same run, the ratio.

The limit is the slower of verifying signatures on all cores and inserting the same rows durably
in batches of the same size, with nothing else done: no sequencer on this machine can be faster.
Records are signed before the clock starts and read from a file, so that neither their author's
work nor their bytes are counted; latency is from the call of append to its receipts.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from ledger.benches.bench_limits import (
    cpu_seconds,
    fsync_times,
    insert_limit,
    machine,
    memory_megabytes,
    percentiles,
    verify_limit,
)
from ledger.benches.bench_mirror import mirrors
from ledger.benches.bench_postgres import postgres
from ledger.benches.bench_records import genesis, log_id, log_signer, records, write_records
from ledger.clock_system import SystemClock
from ledger.errors import LedgerError
from ledger.formats.envelope import parse_envelope
from ledger.log import Log
from ledger.peers_http import HttpPeer
from ledger.ports import Batch, Stored
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_processes import ProcessChecks
from ledger.sequencing.intake import Limits
from ledger.sequencing.process import settle
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore

CHUNK: Final = 250
CLIENTS: Final = 4
BATCH_ENTRIES: Final = 500
BATCH_SECONDS: Final = 0.005
LIMIT_ENTRIES: Final = 20_000
SPAN_ENTRIES: Final = 100_000  # the first and the last so many are compared
WARM_FROM_ENTRIES: Final = 5_000  # a shorter run does not wait for the checking processes
WARM_SECONDS_MAX: Final = 30.0

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendSetting:
    """What is measured: how many entries, on which store, with how many mirrors beside it."""

    entries: int
    directory: Path | None = None
    mirrors: int = 0
    store: Literal["sqlite", "postgresql"] = "sqlite"


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What was noted while it ran; times in seconds."""

    latencies: list[float] = field(default_factory=list)
    done: list[tuple[float, int]] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    checking: int = 0
    mirrors: dict[str, str] = field(default_factory=dict)

    def told(self, entries: int) -> dict[str, Any]:
        """The figures of a run of so many entries."""
        span = min(SPAN_ENTRIES, max(CHUNK, entries // 4))
        return {
            "cpu_microseconds_per_entry": {
                name: round(each / entries * 1e6, 1) for name, each in self.cpu.items()
            },
            f"first_{span}_per_second": round(self.rate(0, span)),
            f"last_{span}_per_second": round(self.rate(entries - span, entries)),
            "receipt_latency_ms": percentiles(self.latencies),
            "in_flight": {"clients": CLIENTS, "entries_each": CHUNK},
            "batch": {
                "entries_max": BATCH_ENTRIES,
                "seconds_max": BATCH_SECONDS,
                "entries_median": statistics.median(self.batches),
                "commit_ms": percentiles(self.commits),
            },
            "checking_processes": self.checking,
            "memory_megabytes": self.memory,
            "mirrors_reached": self.mirrors,
        }

    def rate(self, first: int, last: int) -> float:
        """Entries a second between two numbers of entries done."""
        part = [each for each in self.done if first <= each[1] <= last]
        if len(part) < 2:
            return 0.0
        return (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])


class _WatchedStore(SqlStore):
    """The store, with a note of how large each batch was and how long it took."""

    def __init__(self, database: Database, seen: _Seen) -> None:
        super().__init__(database)
        self._seen = seen

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        """See ports.Store."""
        start = time.perf_counter()
        await super().commit(batch, after=after, fence=fence)
        self._seen.commits.append(time.perf_counter() - start)
        self._seen.batches.append(len(batch.rows))


def bench_append(setting: AppendSetting, progress: Progress | None = None) -> dict[str, Any]:
    """Append `entries` signed records through the whole sequencer; a JSON object of figures."""
    with (
        tempfile.TemporaryDirectory(dir=setting.directory, prefix="vastedag-bench-") as path,
        _databases(setting, Path(path)) as (url, limit_url),
        mirrors(setting.mirrors, Path(path)) as beside,
    ):
        return asyncio.run(_append(setting, Path(path), url, limit_url, beside, progress))


@contextmanager
def _databases(setting: AppendSetting, place: Path) -> Iterator[tuple[str, str]]:
    """An empty database for the log and one to measure the limit in."""
    if setting.store == "postgresql":
        with postgres(2) as (url, limit_url):
            yield url, limit_url
    else:
        yield sqlite_url(place / "log.sqlite3"), sqlite_url(place / "limit.sqlite3")


async def _append(
    setting: AppendSetting,
    place: Path,
    url: str,
    limit_url: str,
    beside: dict[str, tuple[int, str]],
    progress: Progress | None,
) -> dict[str, Any]:
    file_path = place / "records"
    await asyncio.to_thread(write_records, file_path, log_id(setting.mirrors), setting.entries)
    with file_path.open("rb") as file:
        raws = [line[:-1] for line in islice(file, LIMIT_ENTRIES)]
    limits = {
        "verify_per_second_all_cores": round(verify_limit([parse_envelope(r) for r in raws])),
        "durable_insert_per_second": round(await insert_limit(limit_url, raws, BATCH_ENTRIES)),
    }
    fsync = fsync_times(place)
    seen = _Seen()
    rate = await _measured(setting, url, file_path, beside, seen, progress)
    told = {
        "bench": "append",
        "store": setting.store,
        "mirrors": setting.mirrors,
        "entries": setting.entries,
        "payload_bytes": len(parse_envelope(raws[0]).payload),
        "entry_bytes": len(raws[0]) + 80,
        "seconds": round(setting.entries / rate, 3),
        "entries_per_second": round(rate),
        **seen.told(setting.entries),
        "limit": limits,
        "ratio": round(rate / min(limits.values()), 3),
        "fsync_ms": fsync,
        "machine": machine(),
    }
    if setting.mirrors:
        # Every copy verifies every signature: this machine's cores do it for all of them.
        shared = limits["verify_per_second_all_cores"] / (1 + setting.mirrors)
        told["limit_shared_with_mirrors_per_second"] = round(shared)
        told["ratio_of_shared_limit"] = round(rate / shared, 3)
    return told


async def _measured(
    setting: AppendSetting,
    url: str,
    file_path: Path,
    beside: dict[str, tuple[int, str]],
    seen: _Seen,
    progress: Progress | None,
) -> float:
    """Entries a second from the first append to the last receipt."""
    peers = {name: HttpPeer(peer_url) for name, (_, peer_url) in beside.items()}
    async with _running(url, setting.mirrors, seen, peers) as (log, checks):
        if setting.entries >= WARM_FROM_ENTRIES:
            await _warm(log, checks)
        settle()  # as every node does once it has started
        memory = memory_megabytes()
        pids = {"sequencer": [os.getpid()], "checking": checks.pids()}
        pids |= {name: [pid] for name, (pid, _) in beside.items()}
        before = {name: sum(map(cpu_seconds, each)) for name, each in pids.items()}
        size = log.status().size
        start = time.perf_counter()
        with file_path.open("rb") as file:
            await _feed(log, file, seen, progress)
        seconds = time.perf_counter() - start
        seen.cpu = {name: sum(map(cpu_seconds, each)) - before[name] for name, each in pids.items()}
        seen.memory = {"before": memory, "after": memory_megabytes()}
        seen.checking = len(pids["checking"])
        status = log.status()
        seen.mirrors = status.mirrors
    if status.published_size - size != setting.entries:
        raise LedgerError(f"bench: {status.published_size - size} entries published")
    return setting.entries / seconds


async def _warm(log: Log, checks: ProcessChecks) -> None:
    """Wait until the checking processes run: what is measured is sustained, not started."""
    raws = records(log.registry.log, 0, CHUNK)
    end = time.monotonic() + WARM_SECONDS_MAX
    while time.monotonic() < end:
        await checks.screen(raws, log.registry)
        if len(checks.pids()) == checks.count:
            return
        await asyncio.sleep(0.1)
    raise LedgerError("bench: the checking processes do not start")


async def _feed(log: Log, file: BinaryIO, seen: _Seen, progress: Progress | None) -> None:
    """CLIENTS send chunk after chunk of the file's lines, each waiting for its receipts."""
    done = 0

    async def client() -> None:
        nonlocal done
        while raws := [line[:-1] for line in islice(file, CHUNK)]:
            start = time.perf_counter()
            answers = await log.append_many(raws)
            end = time.perf_counter()
            failed = [each for each in answers if isinstance(each, LedgerError)]
            if failed:
                raise failed[0]
            done += len(answers)
            seen.latencies.append(end - start)
            seen.done.append((end, done))
            if progress is not None:
                progress(done)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())


@asynccontextmanager
async def _running(
    url: str, mirror_count: int, seen: _Seen, peers: dict[str, HttpPeer]
) -> AsyncIterator[tuple[Log, ProcessChecks]]:
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        stack.push_async_callback(database.close)
        checks = ProcessChecks()
        stack.callback(checks.close)
        for peer in peers.values():
            stack.push_async_callback(peer.close)
        store = _WatchedStore(database, seen)
        await create_log(store, genesis(mirror_count), log_signer())
        log = Log(
            store=store,
            signer=log_signer(),
            clock=SystemClock(),
            checks=checks,
            mirrors=peers,
            limits=Limits(batch_entries_max=BATCH_ENTRIES, batch_seconds=BATCH_SECONDS),
            holder="bench",
        )
        await log.start()
        stack.push_async_callback(log.stop)
        yield log, checks
