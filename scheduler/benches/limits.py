"""What the machine itself can do: plain operations of numpy on columns."""

from __future__ import annotations

import time

import numpy as np

from scheduler.compiling.compiled import Op
from scheduler.compiling.program import Version


def operations(version: Version) -> int:
    """Operations in the formulas of a month."""
    return sum(_count(step.typed.op) for step in version.month.steps)


def _count(op: Op) -> int:
    inside = sum(_count(argument) for argument in op.arguments)
    return inside + (0 if op.code in ("constant", "read") else 1)


def numpy_seconds(count: int, rows: int) -> float:
    """Processor time of as many plain operations on columns."""
    left = np.arange(rows, dtype=np.int64)
    start = time.process_time()
    for place in range(count):
        _ = left * 3 if place % 2 else left + 3
    return time.process_time() - start
