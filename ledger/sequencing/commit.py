"""Storing a batch when the answer may get lost: look first, then try the same bytes again.

An interrupted commit is *unknown*, never done and never undone (DESIGN 4). The head is part of
the batch and signed once, so the same batch can be recognised, and an earlier attempt that takes
effect late makes a later one fail, not double.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import HeadMovedError, LeaseError, StoreError
from ledger.ports import Batch, Clock, Store, Stored

TRIES: Final = 5
WAIT_SECONDS: Final = 0.5


async def commit_surely(
    store: Store, batch: Batch, *, after: Stored, fence: int | None, clock: Clock
) -> Stored:
    """What is stored once the batch certainly is.

    Raises LeaseError or HeadMovedError when another sequencer writes here, StoreError when the
    outcome stays unknown.
    """
    done = Stored(size=batch.size, head=batch.head, published=after.published)
    for attempt in range(TRIES):
        try:
            await store.commit(batch, after=after, fence=fence)
        except LeaseError:
            raise
        except StoreError:
            found = await _look(store)
            if found is not None and found.head == batch.head:
                return done
            if found is not None and found.head != after.head:
                raise HeadMovedError("ledger store: the head of another stands there") from None
            await clock.sleep(WAIT_SECONDS * attempt)
        else:
            return done
    raise StoreError("ledger store: does not take the batch")


async def check_unmoved(store: Store, after: Stored) -> None:
    """Raise HeadMovedError unless the store's tail still is `after`: no other sequencer wrote."""
    found = await store.load()
    if (found.size, found.head) != (after.size, after.head):
        raise HeadMovedError("ledger store: another sequencer wrote here meanwhile")


async def _look(store: Store) -> Stored | None:
    try:
        return await store.load()
    except StoreError:
        return None
