"""How a log begins: entry 0, which founds the registry, and the first signed head."""

from __future__ import annotations

from ledger.errors import AdmissionError, StoreError
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.note import NoteSigner
from ledger.ports import Batch, Head, Store
from ledger.rules import admission
from ledger.tail import empty_tail, sequence


async def create_log(store: Store, genesis: bytes, signer: NoteSigner) -> str:
    """Make entry 0 of an empty store and sign its head; answers the log's id (base64).

    Raises AdmissionError for a genesis that founds nothing, StoreError when there is a log.
    """
    stored = await store.load()
    if stored.size:
        raise StoreError("ledger store: holds a log already; a genesis is made once")
    envelope = admission.open_envelope(genesis)
    founding = (envelope.raw, admission.identity_of(envelope.header), True)
    tail, rows, tiles = sequence(empty_tail(), [founding])
    if tail.founded.origin != signer.name or tail.founded.log_vkey != signer.verifier.vkey:
        raise AdmissionError("wrong_key", "genesis: of another origin or log key than this signer")
    checkpoint = Checkpoint(origin=signer.name, size=1, root=tail.growth.root())
    head = Head(size=1, note=sign_checkpoint(checkpoint, signer).encode())
    batch = Batch(start=0, rows=rows, tiles=tuple(tiles), head=head)
    await store.commit(batch, after=stored)
    return tail.founded.log
