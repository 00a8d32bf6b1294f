"""Blocks of an id index: sorted keys with their entry numbers, and a filter that answers most.

A key is the first 64 bits of an identity (a SHA-256, so keys are spread evenly). Entries are taken
up in runs: run r of level 0 is of entries [8192 r, 8192 (r+1)), a run of a higher level is of eight
runs below it, merged. A run of level l is cut in 8^(l+1) blocks by the first bits of the key: about
1,024 ids each, whatever the level. So every block has its number before it is written, is written
once, and says the same however often it is made again from the entries. Pure: where blocks are
kept is the work of ids_sql.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.errors import StoreError

FAN_BITS: Final = 3
FAN: Final = 1 << FAN_BITS  # blocks a step writes, runs of a level that make one of the next
RUN_ENTRIES: Final = 8_192  # of level 0
LEVEL_MAX: Final = 6  # a run of 2.1e9 entries, whose numbers still fit in 32 bits
FILTER_BYTES: Final = 2_048  # 16 bits an id: one in 1,700 of those that are not there passes
KEY_BITS: Final = 64
SUM_BYTES: Final = 32
IDENTITY_BYTES: Final = 32

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Filter = NDArray[np.uint8]  # FILTER_BYTES

_FILTER_BITS: Final = FILTER_BYTES * 8
_MULTIPLIERS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)
_SHIFTS: Final = np.array([50, 36, 22, 8], dtype=np.uint64)
_PROBES: Final = len(_MULTIPLIERS) * len(_SHIFTS)
_MASK: Final = np.uint64(_FILTER_BITS - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Block n of a level; keys are sorted, numbers are those of their entries."""

    level: int
    n: int
    keys: Keys
    numbers: Numbers
    filter: Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Where a filter is asked for each of some keys: byte and bit, eight for each."""

    at: NDArray[np.intp]
    bit: NDArray[np.uint8]


def run_entries(level: int) -> int:
    """The entries of a run of this level."""
    return RUN_ENTRIES << (FAN_BITS * level)


def step_entries() -> int:
    """For so many new entries a step is due: eight for a run of level 0, enough for all levels."""
    return RUN_ENTRIES // FAN


def run_blocks(level: int) -> int:
    """The blocks of a run of this level."""
    return FAN << (FAN_BITS * level)


def keys_of(identities: bytes) -> Keys:
    """The keys of identities that stand one after the other."""
    words = np.frombuffer(identities, dtype=">u8").reshape(-1, IDENTITY_BYTES // 8)
    return words[:, 0].astype(np.uint64)


def block_of(keys: Keys, level: int) -> NDArray[np.int64]:
    """The block within a run of this level in which each key stands."""
    shift = np.uint64(KEY_BITS - FAN_BITS * (level + 1))
    return (keys >> shift).astype(np.int64)


def cut(level: int, group: int, keys: Keys, numbers: Numbers) -> list[Block]:
    """The eight blocks of a group, of ids in any order; raises StoreError for a foreign key."""
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    first = group * FAN % run_blocks(level)
    blocks = block_of(keys, level)
    edges = np.searchsorted(blocks, np.arange(first, first + FAN + 1))
    if edges[0] != 0 or edges[-1] != len(keys):
        raise StoreError(f"ids: level {level} group {group} holds ids of another; run fsck")
    filters = _filters(keys, blocks - first)
    return [
        Block(
            level=level,
            n=group * FAN + place,
            keys=keys[edges[place] : edges[place + 1]],
            numbers=numbers[edges[place] : edges[place + 1]],
            filter=filters[place],
        )
        for place in range(FAN)
    ]


def probes(keys: Keys) -> Probes:
    """Where a filter is asked for these keys, one row for each."""
    places = _places(keys)
    return Probes(at=places >> 3, bit=(0x80 >> (places & 7)).astype(np.uint8))


def _places(keys: Keys) -> NDArray[np.intp]:
    mixed = keys[:, None] * _MULTIPLIERS
    return ((mixed[:, :, None] >> _SHIFTS) & _MASK).reshape(len(keys), _PROBES).astype(np.intp)


def _filters(keys: Keys, blocks: NDArray[np.int64]) -> NDArray[np.uint8]:
    bits = np.zeros(FAN * _FILTER_BITS, dtype=np.bool_)
    bits[blocks[:, None] * _FILTER_BITS + _places(keys)] = True
    return np.packbits(bits).reshape(FAN, FILTER_BYTES)


def encode_ids(name: str, block: Block) -> bytes:
    """The bytes of a block's keys and numbers: their sum, the keys, the numbers in the run."""
    first = block.n // run_blocks(block.level) * run_entries(block.level)
    content = block.keys.astype(">u8").tobytes() + (block.numbers - first).astype(">u4").tobytes()
    return _sum(name, block.level, block.n, "ids", content) + content


def decode_ids(name: str, level: int, n: int, raw: bytes) -> tuple[Keys, Numbers]:
    """The keys and numbers of `encode_ids`; raises StoreError when they are damaged."""
    content = _content(name, level, n, "ids", raw)
    count = len(content) // 12
    first = n // run_blocks(level) * run_entries(level)
    keys = np.frombuffer(content, dtype=">u8", count=count).astype(np.uint64)
    numbers = np.frombuffer(content, dtype=">u4", offset=8 * count).astype(np.int64)
    return keys, numbers + first


def encode_filter(name: str, block: Block) -> bytes:
    """The bytes of a block's filter, with their sum: a bit that is lost would hide an id."""
    content = block.filter.tobytes()
    return _sum(name, block.level, block.n, "filter", content) + content


def decode_filter(name: str, level: int, n: int, raw: bytes) -> Filter:
    """The filter of `encode_filter`; raises StoreError when it is damaged."""
    return np.frombuffer(_content(name, level, n, "filter", raw), dtype=np.uint8)


def _content(name: str, level: int, n: int, kind: str, raw: bytes) -> bytes:
    content = raw[SUM_BYTES:]
    if raw[:SUM_BYTES] != _sum(name, level, n, kind, content):
        raise StoreError(
            f"ids: the {kind} of block {n} of level {level} are not those that were "
            "written; run fsck"
        )
    return content


def _sum(name: str, level: int, n: int, kind: str, content: bytes) -> bytes:
    head = f"{kind} of block {n}, level {level}, of {name}\n".encode()
    return hashlib.sha256(head + content).digest()
