"""A log that signs whatever it is told, true or not."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.formats.chain import Entry, encode_entry, entry_hash
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.merkle import leaf_hash
from ledger.formats.note import NoteSigner
from ledger.ports import Batch, Head, Row
from ledger.rules.genesis import create_log
from ledger.stores.store_memory import MemoryStore
from ledger.tail import load_tail
from tests import ledger_network as nets


class Story:
    """A log that signs whatever it is told, true or not."""

    def __init__(self, key: NoteSigner | None = None) -> None:
        self.store = MemoryStore()
        self.key = key or nets.log_signer()
        self.log_id = ""
        self.last = b""
        self.head = Head(size=0, note=b"")

    @classmethod
    async def of(cls, *names: str, key: NoteSigner | None = None) -> Story:
        """The true genesis and then records of these names."""
        story = cls(key)
        story.log_id = await create_log(
            story.store, nets.governance_record(nets.genesis_body(), log=""), nets.log_signer()
        )
        (story.last,) = await story.store.entries(0, 1)
        await story.grow([nets.record(story.log_id, name) for name in names])
        return story

    async def grow(self, envelopes: Sequence[bytes], *, prev: str | None = None) -> Head:
        """Chain these on (after `prev` when told so) and sign the head."""
        stored = await self.store.load()
        growth = (await load_tail(self.store)).growth.copy()
        link, rows = prev or entry_hash(self.last), []
        for n, envelope in enumerate(envelopes, start=stored.size):
            self.last = encode_entry(Entry(n=n, prev=link, envelope_raw=envelope))
            link = entry_hash(self.last)
            rows.append(Row(n=n, raw=self.last, identity=None))
        tiles = growth.extend([leaf_hash(row.raw) for row in rows])
        checkpoint = Checkpoint(origin=nets.ORIGIN, size=growth.size, root=growth.root())
        self.head = Head(size=growth.size, note=sign_checkpoint(checkpoint, self.key).encode())
        batch = Batch(start=stored.size, rows=tuple(rows), tiles=tuple(tiles), head=self.head)
        await self.store.commit(batch, after=stored)
        return self.head
