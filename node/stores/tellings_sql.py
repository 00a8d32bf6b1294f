"""What this node recorded of each slot of a source, in order: the rows behind node/tellings.py.

Every function works inside the transaction that stores the record. Slots and deliveries are kept as
keyed digests: the table tells nobody whom it is about.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from node.stores import schema_sql as tables
from node.tellings import Said
from specs.records import Telling

_CONTEXT: Final = b"vastedag/telling/v1\x00"
_TABLE: Final = tables.tellings
_OF_SLOT: Final = (
    select(
        _TABLE.c.id, _TABLE.c.content, _TABLE.c.at, _TABLE.c.noted, _TABLE.c.delivery,
        _TABLE.c.place, _TABLE.c.taken_back,
    )
    .where(_TABLE.c.slot == bindparam("slot"))
    .order_by(_TABLE.c.seq)
)  # fmt: skip


def hidden(secret: bytes, told: Telling) -> Telling:
    """The telling with slot and delivery as keyed digests, as the table holds them."""
    return replace(
        told,
        slot=_digest(secret, told.slot),
        delivery=_digest(secret, told.delivery) if told.delivery else "",
    )


def said(connection: Connection, told: Telling) -> list[Said]:
    """The recorded tellings of a hidden telling's slot, in order."""
    rows = connection.execute(_OF_SLOT, {"slot": told.slot})
    return [
        Said(record=row.id, content=bytes(row.content), at=row.at, noted=row.noted,
             delivery=row.delivery, place=row.place, taken_back=row.taken_back)
        for row in rows
    ]  # fmt: skip


def add(
    connection: Connection, told: Telling, record: str, content: bytes, noted: str, seq: int
) -> None:
    """Note that this hidden telling was recorded, after `seq` others."""
    connection.execute(
        insert(_TABLE),
        {
            "slot": told.slot, "seq": seq, "id": record, "content": content, "at": told.at,
            "noted": noted, "delivery": told.delivery, "place": told.place, "taken_back": "",
        },
    )  # fmt: skip


def told_again(connection: Connection, one: Said, told: Telling) -> None:
    """The source said the same at a later moment: older tellings are older than that."""
    if told.at > one.at:
        connection.execute(update(_TABLE).where(_TABLE.c.id == one.record).values(at=told.at))


def take_back(connection: Connection, record: str, moment: str) -> None:
    """An own correction took this record back."""
    connection.execute(update(_TABLE).where(_TABLE.c.id == record).values(taken_back=moment))


def _digest(secret: bytes, text: str) -> str:
    return hmac.digest(secret, _CONTEXT + text.encode(), hashlib.sha256).hex()
