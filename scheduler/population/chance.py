"""Draws from the distributions of a population file: the same seed gives the same draws.

Fractions choose, they are never money: every amount that leaves this file is a whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduler.population.rows import Column, Flags, Ints
from specs.population_files import PER_MILLE, Curve, Shares

ROUNDS_OF_FITTING: Final = 60


class Chance:
    """One stream of draws."""

    def __init__(self, *seed: int) -> None:
        self.stream = np.random.default_rng(seed)

    def pick(self, shares: Shares, rows: int) -> Ints:
        """The place of a kind among the names, by how often each occurs."""
        return self.weighed(shares.counts, rows)

    def weighed(self, weights: Sequence[float] | NDArray[np.float64], rows: int) -> Ints:
        """A place among weights."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges, self.stream.random(rows) * edges[-1], side="right")
        places: Ints = np.minimum(found, len(edges) - 1)
        return places

    def named(self, shares: Shares, name: str, rows: int) -> Flags:
        """Whether one kind is drawn."""
        picked: Flags = self.pick(shares, rows) == shares.names.index(name)
        return picked

    def some(self, chance: float, rows: int) -> Flags:
        """True as often as the chance says."""
        return self.stream.random(rows) < chance

    def between(self, low: Ints | int, high: Ints | int, rows: int) -> Column:
        """Whole numbers from low up to, not including, high."""
        return self.stream.integers(low, high, size=rows, dtype=np.int64)

    def on(self, curve: Curve, rows: int) -> Column:
        """Values of a curve."""
        places, values = zip(*curve.points, strict=True)
        drawn = np.interp(self.stream.random(rows) * PER_MILLE, places, values)
        whole: Column = np.rint(drawn).astype(np.int64)
        return whole

    def skewed(self, median: Ints, mean: Ints) -> Column:
        """Whole amounts around a median with a mean above it: a lognormal distribution."""
        spread = np.sqrt(2 * np.log(mean / median))
        drawn = median * np.exp(spread * self.stream.standard_normal(len(median)))
        whole: Column = np.rint(drawn).astype(np.int64)
        return whole


def fit(weights: NDArray[np.float64], rows: Sequence[int], columns: Sequence[int]) -> NDArray[
    np.float64
]:  # fmt: skip
    """Weights scaled until their margins have the ratios asked for (iterative proportional
    fitting); the sum is one.
    """
    found = weights.astype(np.float64)
    down = np.asarray(rows, dtype=np.float64) / sum(rows)
    across = np.asarray(columns, dtype=np.float64) / sum(columns)
    for _ in range(ROUNDS_OF_FITTING):
        found *= (down / found.sum(axis=1))[:, np.newaxis]
        found *= across / found.sum(axis=0)
    return found
