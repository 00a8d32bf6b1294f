"""What this machine could do at most, and what it was doing, measured in the same run."""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from ledger.benches.bench_records import author
from ledger.errors import LedgerError
from ledger.formats.envelope import Envelope, signed_bytes
from ledger.keys import verify_batch
from ledger.ports import Batch, Row
from ledger.stores.database_sql import Database, migrate
from ledger.stores.store_sql import SqlStore

FSYNCS: Final = 100


async def insert_limit(url: str, raws: Sequence[bytes], batch_entries: int) -> float:
    """Rows a second into the same tables, in batches of this size, and nothing else."""
    migrate(url)
    database = Database(url)
    store = SqlStore(database)
    rows = [Row(n=n, raw=raw, identity=hashlib.sha256(raw).digest()) for n, raw in enumerate(raws)]
    start = time.perf_counter()
    for at in range(0, len(rows), batch_entries):
        batch = Batch(start=at, rows=tuple(rows[at : at + batch_entries]), tiles=())
        await store.commit(batch, after=await store.load())
    rate = len(rows) / (time.perf_counter() - start)
    await database.close()
    return rate


def verify_limit(sample: Sequence[Envelope]) -> float:
    """Signatures a second on all cores: PyNaCl on a thread each, which lets go of the GIL."""
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


def fsync_times(place: Path) -> dict[str, float]:
    """How long 4 KB take to the disk, in milliseconds."""
    times = []
    with (place / "fsync").open("wb") as file:
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return percentiles(times)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1e3, 2), "p99": round(cuts[98] * 1e3, 2)}


def machine() -> dict[str, Any]:
    """Cores, interpreter, and how busy the machine was meanwhile."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def cpu_seconds(pid: int) -> float:
    """Processor time a process of this machine has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_megabytes() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
