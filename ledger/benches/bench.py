"""`vastedag bench append|verify`: the figure, the machine's own limit in the same run, the ratio.

The limit is the slower of verifying signatures on all cores and inserting the same rows durably
in batches of the same size, with nothing else done: no sequencer on this machine can be faster.
Batch sizes and fsync latency stand beside it, since they explain most of any figure.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.benches.bench_records import (
    MIRROR_NAMES,
    ORIGIN,
    all_records,
    author,
    genesis,
    log_id,
    log_signer,
    mirror_signer,
    records,
)
from ledger.clock_system import SystemClock
from ledger.errors import LedgerError
from ledger.export import export
from ledger.formats.envelope import Envelope, parse_envelope, signed_bytes
from ledger.keys import verify_batch
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.ports import Answer, Batch, Peer, Row
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.sequencing.intake import Limits
from ledger.serve import MirrorDoor
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from ledger.verify import verify_log
from ledger.verifying.source_dir import DirectorySource

CHUNK: Final = 250
IN_FLIGHT: Final = 6
BATCH_ENTRIES: Final = 500
LIMIT_ENTRIES: Final = 20_000
FSYNCS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendSetting:
    """What is measured: how many entries, on which store, with how many mirrors beside it."""

    entries: int
    directory: Path | None = None
    mirrors: int = 0
    url: str | None = None  # another database than an SQLite file of its own; must be empty
    limit_url: str | None = None  # an empty database of the same kind, to measure the limit in
    threads: int = 3


def bench_append(
    setting: AppendSetting, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Append `entries` signed records through the whole sequencer; a JSON object of figures."""
    with tempfile.TemporaryDirectory(dir=setting.directory, prefix="vastedag-bench-") as path:
        return asyncio.run(_append(setting, Path(path), progress))


def bench_verify(
    entries: int, directory: Path | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Verify everything of a log of `entries`; a JSON object of figures."""
    with tempfile.TemporaryDirectory(dir=directory, prefix="vastedag-bench-") as path:
        place = Path(path)
        asyncio.run(_made_log(AppendSetting(entries=entries), place))
        log = log_signer()
        start = time.perf_counter()
        report = verify_log(DirectorySource(place / "tree"), log.verifier.vkey, workers=workers)
        seconds = time.perf_counter() - start
        sample = [parse_envelope(each) for each in records(log_id(), 0, LIMIT_ENTRIES // 4)]
        limit = _verify_limit(sample)
    rate = report.entries / seconds
    return {
        "bench": "verify",
        "entries": report.entries,
        "seconds": round(seconds, 3),
        "entries_per_second": round(rate),
        "limit": {"verify_per_second_all_cores": round(limit)},
        "ratio": round(rate / limit, 3),
        "machine": _machine(),
    }


async def _append(
    setting: AppendSetting, place: Path, progress: Callable[[int], None] | None
) -> dict[str, Any]:
    raws = await asyncio.to_thread(all_records, log_id(setting.mirrors), setting.entries)
    sample = [parse_envelope(each) for each in raws[:LIMIT_ENTRIES]]
    limits = {
        "verify_per_second_all_cores": round(_verify_limit(sample)),
        "durable_insert_per_second": round(
            await _insert_limit(setting, place, raws[:LIMIT_ENTRIES])
        ),
    }
    async with _running(setting, place) as log:
        latencies: list[float] = []
        rates: list[tuple[float, int]] = []
        start, cpu = time.perf_counter(), time.process_time()
        await _feed(log, raws, latencies, rates, progress)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        size = log.status().published_size
    if size != setting.entries + 1:
        raise LedgerError(f"bench: {size} entries published, {setting.entries + 1} expected")
    rate = setting.entries / seconds
    limit = min(limits.values())
    return {
        "bench": "append",
        "store": (setting.url or "sqlite").split(":")[0],
        "mirrors": setting.mirrors,
        "entries": setting.entries,
        "payload_bytes": len(sample[0].payload),
        "entry_bytes": len(raws[0]) + 80,
        "seconds": round(seconds, 3),
        "cpu_microseconds_per_entry": round(cpu / setting.entries * 1e6, 1),
        "entries_per_second": round(rate),
        "first_tenth_per_second": round(_rate_between(rates, 0.0, 0.1)),
        "last_tenth_per_second": round(_rate_between(rates, 0.9, 1.0)),
        "receipt_latency_ms": _percentiles(latencies),
        "in_flight": CHUNK * IN_FLIGHT,
        "batch_entries_max": BATCH_ENTRIES,
        "limit": limits,
        "ratio": round(rate / limit, 3),
        "fsync_ms": _fsync(place),
        "machine": _machine(),
    }


async def _feed(
    log: Log,
    raws: Sequence[bytes],
    latencies: list[float],
    rates: list[tuple[float, int]],
    progress: Callable[[int], None] | None,
) -> None:
    """IN_FLIGHT clients send chunk after chunk, each waiting for its receipts."""
    chunks = iter(range(0, len(raws), CHUNK))
    done = 0

    async def client() -> None:
        nonlocal done
        for at in chunks:
            start = time.perf_counter()
            answers = await log.append_many(raws[at : at + CHUNK])
            end = time.perf_counter()
            failed = [each for each in answers if isinstance(each, LedgerError)]
            if failed:
                raise failed[0]
            done += len(answers)
            latencies.append(end - start)
            rates.append((end, done))
            if progress is not None:
                progress(done)

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(client())


@asynccontextmanager
async def _running(setting: AppendSetting, place: Path) -> AsyncIterator[Log]:
    url = setting.url or sqlite_url(place / "log.sqlite3")
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    checks = ThreadChecks(setting.threads)
    store = SqlStore(database)
    await create_log(store, genesis(setting.mirrors), log_signer())
    peers: dict[str, Peer] = {}
    opened: list[Database] = []
    for name in MIRROR_NAMES[: setting.mirrors]:
        copy_url = sqlite_url(place / f"{name}.sqlite3")
        await asyncio.to_thread(migrate, copy_url)
        opened.append(Database(copy_url))
        mirror = Mirror(
            store=SqlStore(opened[-1]),
            origin=ORIGIN,
            log_vkey=log_signer().verifier.vkey,
            signer=mirror_signer(name),
            clock=SystemClock(),
            checks=checks,
        )
        await mirror.start()
        peers[name] = _Direct(MirrorDoor(mirror))
    log = Log(
        store=store,
        signer=log_signer(),
        clock=SystemClock(),
        checks=checks,
        mirrors=peers,
        limits=Limits(batch_entries_max=BATCH_ENTRIES, batch_seconds=0.005),
        holder="bench",
    )
    await log.start()
    try:
        yield log
    finally:
        await log.stop()
        for each in (database, *opened):
            await each.close()
        checks.close()


class _Direct:
    """A mirror in this process, without a wire."""

    def __init__(self, door: MirrorDoor) -> None:
        self._door = door

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        """Hand on."""
        del content_type
        return await self._door.post(path, body)

    async def get(self, path: str) -> Answer:
        """Hand on."""
        return await self._door.get(path, entries_allowed=True)


async def _made_log(setting: AppendSetting, place: Path) -> None:
    raws = await asyncio.to_thread(all_records, log_id(), setting.entries)
    async with _running(setting, place) as log:
        await _feed(log, raws, [], [], None)
        await export(log.store, place / "tree")


async def _insert_limit(setting: AppendSetting, place: Path, raws: Sequence[bytes]) -> float:
    """Rows a second into the same tables, in batches of the same size, and nothing else."""
    if (setting.url is None) != (setting.limit_url is None):
        raise LedgerError("bench: url and limit_url name two databases of one kind, or neither")
    url = setting.limit_url or sqlite_url(place / "limit.sqlite3")
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    store = SqlStore(database)
    rows = [Row(n=n, raw=raw, identity=hashlib.sha256(raw).digest()) for n, raw in enumerate(raws)]
    start = time.perf_counter()
    for at in range(0, len(rows), BATCH_ENTRIES):
        batch = Batch(start=at, rows=tuple(rows[at : at + BATCH_ENTRIES]), tiles=())
        await store.commit(batch, after=await store.load())
    rate = len(rows) / (time.perf_counter() - start)
    await database.close()
    return rate


def _verify_limit(sample: Sequence[Envelope]) -> float:
    public_key = author().public_key
    jobs = [(public_key, signed_bytes(each.payload), each.signature) for each in sample]
    threads = os.cpu_count() or 1
    share = -(-len(jobs) // threads)
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        parts = [jobs[at : at + share] for at in range(0, len(jobs), share)]
        for errors in pool.map(verify_batch, parts):
            if any(errors):
                raise LedgerError("bench: a signature of our own does not verify")
        return len(jobs) / (time.perf_counter() - start)


def _fsync(place: Path) -> dict[str, float]:
    times = []
    with (place / "fsync").open("wb") as file:
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return _percentiles(times)


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1e3, 2), "p99": round(cuts[98] * 1e3, 2)}


def _rate_between(rates: Sequence[tuple[float, int]], low: float, high: float) -> float:
    total = rates[-1][1]
    part = [each for each in rates if low * total <= each[1] <= high * total]
    if len(part) < 2:
        return 0.0
    return (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }
