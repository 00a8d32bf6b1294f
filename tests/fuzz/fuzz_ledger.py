"""A fuzz target for every parser of the ledger: any bytes, a value or a LedgerError.

`python -m tests.fuzz.fuzz_ledger --seconds 60 --seed 1` mutates the parsers' own good bytes and
each other's, keeps what parses as new material, and prints seed, parser and bytes of a failure.
`one_input(data)` is the same target for a coverage-guided fuzzer (its first byte picks a parser).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence

from tests.ledger_parsers import PARSERS, value_or_ledger_error

_NAMES = list(PARSERS)
_CORPUS_MAX = 200


def one_input(data: bytes) -> None:
    """One run of one parser; raises only when the parser breaks its promise."""
    if data:
        parse, _ = PARSERS[_NAMES[data[0] % len(_NAMES)]]
        value_or_ledger_error(parse, data[1:])


def mutated(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Some bytes of one input exchanged, cut, doubled, or spliced with another's."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        length = chance.choice((0, 1, 1, 2, 8, 64))
        other = chance.choice(corpus)
        start = chance.randint(0, len(other))
        piece = chance.choice(
            (
                chance.randbytes(length),
                other[start : start + chance.choice((1, 4, 32, 400))],
                bytes(data[at : at + 40]),
                chance.choice((b"", b"\n", b"\n\n", b"=", b"\x00", b"\xff\xff", b"0", b"-1", b"{")),
            )
        )
        data[at : at + length] = piece
    return bytes(data)


def fuzz(seed: int, seconds: float) -> int:
    """Run until the time is over; answers the number of runs."""
    chance = random.Random(seed)
    corpora = {name: [good] for name, (_, good) in PARSERS.items()}
    everything = [good for _, good in PARSERS.values()]
    runs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for name, (parse, _) in PARSERS.items():
            corpus = corpora[name] if chance.random() < 0.9 else everything
            data = mutated(chance, corpus)
            runs += 1
            try:
                good = value_or_ledger_error(parse, data)
            except Exception:
                print(f"seed {seed}, run {runs}, parser {name}: {data!r}", file=sys.stderr)
                raise
            if good and len(corpora[name]) < _CORPUS_MAX:
                corpora[name].append(data)
    return runs


def main() -> None:
    """Command line."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    print(f"{fuzz(given.seed, given.seconds)} runs, seed {given.seed}, no failure")


if __name__ == "__main__":
    main()
