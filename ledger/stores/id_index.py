"""What a process holds in memory of an id index: enough to tell of a new id that it is new.

That is the ids of the newest entries, and the filters of all blocks, two bytes an id. A filter that
does not say no names a block to be read. A `Known` never changes but for ids and filters that are
added to it, so that other threads may ask one while the next is made. Pure: see id_blocks.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.errors import StoreError
from ledger.stores.id_blocks import (
    FAN,
    FILTER_BYTES,
    LEVEL_MAX,
    Block,
    Filter,
    Probes,
    block_of,
    keys_of,
    probes,
    run_blocks,
    run_entries,
)

FIRST_PROBES: Final = 2  # rule out four of five; the others are asked of what is left

Place = tuple[int, int]  # level and number of a block
Step = tuple[int, int]  # level and group: the eight blocks from 8 * group on


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of which some blocks may not be written yet, or have gone into the next level.

    filters: (blocks, FILTER_BYTES), zeros for those not written; merged: how many have gone.
    """

    level: int
    number: int
    merged: int
    filters: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The ids of entries [0, size): `young` those in no block yet, by their entry number.

    written counts the blocks of each level that were ever written; runs stand from level 0 up.
    """

    size: int
    young: dict[bytes, int]
    written: tuple[int, ...]
    runs: tuple[Run, ...]

    @property
    def sealed(self) -> int:
        """The entries whose ids stand in blocks."""
        return self.written[0] // FAN * run_entries(0)

    @property
    def steps(self) -> int:
        """How many steps led here: it changes with every block."""
        return sum(self.written) // FAN

    def ask(self, identities: Sequence[bytes]) -> tuple[dict[bytes, int], dict[Place, list[bytes]]]:
        """The numbers of those that are young, and for others the blocks that may hold them."""
        young = self.young
        found = {each: young[each] for each in identities if each in young}
        rest = [each for each in identities if each not in found] if found else identities
        doubtful: dict[Place, list[bytes]] = {}
        if not rest or not self.runs:
            return found, doubtful
        keys = keys_of(b"".join(rest))
        asked = probes(keys)
        for run in self.runs:
            blocks = block_of(keys, run.level)
            first = run.number * run_blocks(run.level)
            for place in _passing(run, blocks, asked):
                block = run.level, first + int(blocks[place])
                doubtful.setdefault(block, []).append(rest[place])
        return found, doubtful

    def next_step(self) -> Step | None:
        """What is to be done next, lowest level first; None while there is nothing."""
        if self.size - self.sealed >= run_entries(0):
            return 0, self.written[0] // FAN
        for level in range(1, LEVEL_MAX + 1):
            group = self.written[level] // FAN
            run = group * FAN // run_blocks(level)
            if self.written[level - 1] >= (run + 1) * run_blocks(level):
                return level, group
        return None

    def grown(self, ids: Iterable[tuple[bytes, int]], size: int) -> Known:
        """With the ids of the entries up to size."""
        self.young.update(ids)
        return replace(self, size=size)

    def stepped(self, step: Step, blocks: Sequence[Block]) -> Known:
        """With these blocks in the place of those that were merged, or of young ids."""
        level, group = step
        count = run_blocks(level)
        number, first = divmod(group * FAN, count)
        runs = {(run.level, run.number): run for run in self.runs}
        run = runs.get((level, number)) or _empty(level, number)
        for place, block in enumerate(blocks, first):
            run.filters[place] = block.filter
        runs[level, number] = run
        young = self.young
        if level == 0:
            until = (group + 1) * run_entries(0)
            young = {each: n for each, n in young.items() if n >= until}
        for source in inputs(step):
            before = runs.pop(_run_of(source))
            if before.merged + 1 < run_blocks(before.level):
                runs[before.level, before.number] = replace(before, merged=before.merged + 1)
        written = list(self.written)
        written[level] += FAN
        return replace(
            self,
            young=young,
            written=tuple(written),
            runs=tuple(runs[each] for each in sorted(runs)),
        )


def inputs(step: Step) -> list[Place]:
    """The blocks that a step merges: one of each of the eight runs below; none for level 0."""
    level, group = step
    if level == 0:
        return []
    count = run_blocks(level - 1)
    run, block = divmod(group, count)
    return [(level - 1, (run * FAN + each) * count + block) for each in range(FAN)]


def known_of(filters: Mapping[Place, Filter]) -> Known:
    """What these blocks say, without young ids; raises StoreError when one is missing."""
    levels = [level for level, _ in filters]
    if levels and not 0 <= min(levels) <= max(levels) <= LEVEL_MAX:
        raise StoreError("ids: a block of a level there is not; run fsck")
    written = [0] * (LEVEL_MAX + 2)
    for level in range(LEVEL_MAX, -1, -1):
        written[level] = levels.count(level) + written[level + 1]
    if any(count % FAN for count in written):
        raise StoreError("ids: a block is missing; run fsck")
    runs: dict[Place, Run] = {}
    for (level, n), bits in filters.items():
        place = _run_of((level, n))
        if not 0 <= n < written[level]:
            raise StoreError(f"ids: block {n} of level {level} is one too many; run fsck")
        run = runs.get(place)
        if run is None:
            merged = written[level + 1] - place[1] // FAN * run_blocks(level) * FAN
            run = _empty(level, place[1], max(0, merged // FAN))
            runs[place] = run
        if n % run_blocks(level) < run.merged:
            raise StoreError(f"ids: block {n} of level {level} was merged; run fsck")
        run.filters[n % run_blocks(level)] = bits
    return Known(
        size=written[0] // FAN * run_entries(0),
        young={},
        written=tuple(written),
        runs=tuple(runs[each] for each in sorted(runs)),
    )


def _passing(run: Run, blocks: NDArray[np.int64], asked: Probes) -> NDArray[np.intp]:
    """The places of the ids to which this run's filters do not say no."""
    filters, at, bit = run.filters, asked.at, asked.bit
    left = np.flatnonzero(blocks >= run.merged)
    for probe in range(FIRST_PROBES):
        hit = filters[blocks[left], at[left, probe]] & bit[left, probe]
        left = left[hit != 0]
    hits = filters[blocks[left, None], at[left, FIRST_PROBES:]] & bit[left, FIRST_PROBES:]
    passing: NDArray[np.intp] = left[(hits != 0).all(axis=1)]
    return passing


def _run_of(place: Place) -> Place:
    level, n = place
    return level, n // run_blocks(level)


def _empty(level: int, number: int, merged: int = 0) -> Run:
    filters = np.zeros((run_blocks(level), FILTER_BYTES), dtype=np.uint8)
    return Run(level=level, number=number, merged=merged, filters=filters)
