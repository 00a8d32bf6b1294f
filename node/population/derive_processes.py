"""Derive a whole population: workers read and derive blocks, one writer keeps what changed.

Bounded memory: a worker holds one block, and only a few answers wait for the writer. Stopped
halfway it may be run again: a block's decisions are written together, and the same decision is not
written twice.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from node.population.store_sqlite import Decided, PopulationFile
from scheduler.population.block import Year, YearColumns
from scheduler.population.fold import Folded
from scheduler.rulebook import Rulebook

WAITING_PER_WORKER: Final = 2  # blocks handed out before their answers are written
KIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run did."""

    written: int
    cpu_seconds: float  # of the writer and its workers
    memory_max_bytes: int  # of the writer, and of each worker the largest


@dataclass(slots=True)
class _Worker:
    """What a worker process opens once."""

    file: PopulationFile
    year: Year


_worker: list[_Worker] = []


def derive_population(path: Path, workers: int) -> Answer:
    """Derive all blocks and write the decisions that changed."""
    written = 0
    before = _cpu_seconds()
    with (
        closing(PopulationFile(path, writes=True)) as file,
        ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_open, initargs=(path,)
        ) as pool,
    ):
        for changed in _in_turn(pool, file.blocks, workers * WAITING_PER_WORKER):
            written += file.write(changed)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Answer(
        written=written,
        cpu_seconds=_cpu_seconds() - before,
        memory_max_bytes=(own + workers * largest) * KIB,
    )


def _in_turn(pool: ProcessPoolExecutor, blocks: int, window: int) -> Iterator[list[Decided]]:
    """Answers as they come; no more than the window is under way."""
    under_way: set[Future[list[Decided]]] = set()
    for block in range(blocks):
        if len(under_way) >= window:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)
        under_way.add(pool.submit(changed_decisions, block))
    for each in under_way:
        yield each.result()


def _open(path: Path) -> None:
    file = PopulationFile(path)
    _worker.append(_Worker(file, Year(Rulebook.load(), file.year)))


def changed_decisions(block: int) -> list[Decided]:
    """In a worker: the decisions of a block that differ from those that stand."""
    worker = _worker[0]
    folded = Folded(worker.file.read(block), worker.file.year)
    first = block * worker.file.block_rows
    return [
        difference(worker.file.decided(scheme, block), worker.year.derive(folded, scheme), first)
        for scheme in worker.year.schemes
    ]


def difference(standing: Decided, derived: YearColumns, first: int) -> Decided:
    """Decisions that are new or other; a household without one has no award. Where a right ended
    the decision becomes zero.
    """
    rows = len(derived.award)
    award = np.zeros(rows, dtype=np.int64)
    paid = np.zeros((rows, derived.paid.shape[0]), dtype=np.int32)
    award[standing.household - first] = standing.award
    paid[standing.household - first] = standing.paid
    now = derived.paid.T.astype(np.int32)
    changed = np.flatnonzero((award != derived.award) | np.any(paid != now, axis=1))
    return Decided(
        scheme=standing.scheme, household=changed + first, award=derived.award[changed],
        paid=now[changed],
    )  # fmt: skip


def _cpu_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
