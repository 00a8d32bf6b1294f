"""Stores to be opened again and again, and small batches for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ledger.ports import Batch, HashTile, Head, Row, StateStore, Store
from ledger.stores.database_sql import Database
from ledger.stores.store_memory import MemoryCosigned, MemoryState, MemoryStore
from ledger.stores.store_sql import SqlCosigned, SqlState, SqlStore


class Opened:
    """One storage with everything the ledger keeps in it; `again` opens the same one anew."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url
        self.memory = (MemoryStore(), MemoryCosigned(), MemoryState())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Store, SqlCosigned | MemoryCosigned, StateStore]]:
        if self.kind == "memory":
            yield self.memory
            return
        database = Database(self.url)
        try:
            yield SqlStore(database), SqlCosigned(database), SqlState(database)
        finally:
            await database.close()


def row(n: int, *, void: str | None = None, governance: bool = False) -> Row:
    identity = None if void else n.to_bytes(32, "big")
    return Row(n=n, raw=b"entry %d" % n, identity=identity, void=void, governance=governance)


def head(size: int, mark: str = "") -> Head:
    return Head(size=size, note=f"note {size}{mark}".encode())


def batch(start: int, count: int, **changes: object) -> Batch:
    rows = tuple(row(n) for n in range(start, start + count))
    tile = HashTile(level=0, n=0, hashes=bytes(32) * (start + count))
    values = {"start": start, "rows": rows, "tiles": (tile,), "head": head(start + count)}
    return Batch(**{**values, **changes})  # type: ignore[arg-type]


def run(storage: Opened, work: Callable[[Store], Awaitable[None]]) -> None:
    async def opened() -> None:
        async with storage.open() as (store, _, _):
            await work(store)

    asyncio.run(opened())
