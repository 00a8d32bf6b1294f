"""Very many seeds of the simulation, on all cores; the first that breaks is told with its number.

`python -m tests.simulation.seeds 0 3299 [PROCESSES]` tells the account of what happened.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.world import play

AT_ONCE = 20  # seeds a process plays before it answers


def play_all(seeds: Sequence[int], processes: int = 1) -> Counter[str]:
    """Play them; what happened in all together. Raises AssertionError naming the seed."""
    shares = [seeds[at : at + AT_ONCE] for at in range(0, len(seeds), AT_ONCE)]
    if processes == 1:
        return sum(map(_play_some, shares), Counter())
    counts: Counter[str] = Counter()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        running = [pool.submit(_play_some, share) for share in shares]
        try:
            for each in as_completed(running):
                counts.update(each.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return counts


def _play_some(seeds: Sequence[int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    begun = time.process_time()
    for seed in seeds:
        try:
            counts.update(play(seed).counts)
        except BaseException as error:
            raise AssertionError(
                f"seed {seed}: {error!r}; play it again with VASTEDAG_SEED={seed}"
            ) from error
    counts["milliseconds of CPU"] = round((time.process_time() - begun) * 1000)
    return counts


def seeds_asked(text: str) -> range:
    """`24` is the first so many, `0-3299` from the first to the last."""
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(first))


def main() -> None:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    processes = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count() or 1
    counts = play_all(range(first, last + 1), processes)
    print(f"seeds {first} to {last}: all hold, {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main()
