"""Receipts that this node shows: those it was given, and those it makes from its copy of the log.

A receipt is a proof, not a statement: a mirror can give one for a record of any member, under the
last checkpoint with the quorum that it accepted. A witness keeps no copy and makes none.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from ledger.errors import LedgerError
from ledger.follow import CopyReader
from ledger.formats.checkpoint import parse_checkpoint
from ledger.ports import Store
from ledger.proofs import receipts, receipts_for
from node.ledger_side import LedgerSide
from node.runtime import Node
from node.stores import schema_sql as tables


async def receipt_of(node: Node, record: str) -> bytes | None:
    """The receipt of a record of which this node has the content; None when it can give none."""
    given, index = await asyncio.to_thread(_known, node, record)
    if given is not None or index is None:
        return given
    try:
        return await _made(node.ledger, index)
    except LedgerError:  # this copy is behind its own reading: the receipt comes with the next head
        return None


def _known(node: Node, record: str) -> tuple[bytes | None, int | None]:
    """The receipt that was given, and the entry's place on the ledger."""
    table = tables.records
    query = select(table.c.receipt, table.c.n).where(table.c.id == record)
    with node.database.read() as connection:
        rows = connection.execute(query.order_by(table.c.receipt.is_(None))).all()
    return (rows[0].receipt, rows[0].n) if rows else (None, None)


async def _made(ledger: LedgerSide, index: int) -> bytes | None:
    if ledger.log is not None:
        return await _from_own_log(ledger.log.store, index)
    following = ledger.following
    if ledger.mirror is None or isinstance(following, CopyReader):
        return None
    note = following.checkpoint
    if note is None:
        return None
    size = parse_checkpoint(note.text).size
    if index >= size:
        return None
    made = await receipts(ledger.mirror.store, [index], size, note)
    return made[index].encode()


async def _from_own_log(store: Store, index: int) -> bytes:
    return (await receipts_for(store, [index]))[index].encode()
