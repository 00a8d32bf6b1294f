"""`vastedag bench verify`: a whole log from a directory of tiles, with what it takes of memory.

The log is made without a sequencer (tree_dir.py), so that ten million entries are there in minutes;
it is verified by the same call as `vastedag verify`. Memory is that of this process and all its
checking processes together, sampled; what they share is counted for each.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ledger.benches.bench_limits import machine, verify_limit
from ledger.benches.bench_records import log_id, log_signer, records
from ledger.benches.tree_dir import write_tree
from ledger.formats.envelope import parse_envelope
from ledger.verify import verify_log
from ledger.verifying.source_dir import DirectorySource

LIMIT_ENTRIES: Final = 5_000
SAMPLE_SECONDS: Final = 0.25

Progress = Callable[[str], None]


def bench_verify(
    entries: int,
    directory: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Verify everything of a log of `entries`; a JSON object of figures."""
    tell = progress or (lambda _: None)
    with tempfile.TemporaryDirectory(dir=directory, prefix="vastedag-bench-") as path:
        tree = Path(path) / "tree"
        start = time.perf_counter()
        # In a process of its own: what making the log took is no memory of the verifier.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as maker:
            written = maker.submit(write_tree, tree, entries).result()
        making = time.perf_counter() - start
        tell(f"{entries} entries written in {making:.0f} seconds, {written / 1e9:.1f} GB")
        start = time.perf_counter()
        with PeakMemory() as memory:
            report = verify_log(
                DirectorySource(tree),
                log_signer().verifier.vkey,
                workers=workers,
                progress=_every_tenth(tell),
            )
        seconds = time.perf_counter() - start
        sample = [parse_envelope(each) for each in records(log_id(), 0, LIMIT_ENTRIES)]
        limit = verify_limit(sample)
    rate = report.entries / seconds
    return {
        "bench": "verify",
        "entries": report.entries,
        "void": report.void_count,
        "seconds": round(seconds, 3),
        "entries_per_second": round(rate),
        "peak_memory_megabytes": round(memory.peak / 1e6, 1),
        "processes": memory.processes,
        "made_in_seconds": round(making, 1),
        "limit": {"verify_per_second_all_cores": round(limit)},
        "ratio": round(rate / limit, 3),
        "machine": machine(),
    }


def _every_tenth(tell: Progress) -> Callable[[int, int], None]:
    told = 0

    def progress(done: int, size: int) -> None:
        nonlocal told
        if done * 10 // size > told:
            told = done * 10 // size
            tell(f"{done} of {size} entries verified")

    return progress


class PeakMemory:
    """The most that this process and its children held in memory at one moment, in bytes."""

    def __init__(self) -> None:
        self.peak = 0
        self.processes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            ended = self._ended.wait(SAMPLE_SECONDS)
            sizes = [_resident(pid) for pid in (os.getpid(), *_children(os.getpid()))]
            self.peak = max(self.peak, sum(sizes))
            self.processes = max(self.processes, len(sizes))
            if ended:
                return


def _resident(pid: int) -> int:
    """Bytes of a process in memory; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> list[int]:
    """The children of a process, by any of its threads, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # a thread that has just ended
            continue
    return found + [each for child in found for each in _children(child)]
