"""How a fork is seen: every mirror asks the others what they last cosigned, and compares (L3).

`compare_with` is one pass over the peers, `watch` one every few seconds until cancelled, more
often while the mirror has to catch up before it cosigns. What contradicts this copy is kept as
evidence by the mirror; a peer that does not answer is named, not suspected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from ledger.errors import LedgerError, PeerError, StoreError
from ledger.formats.checkpoint import open_checkpoint
from ledger.formats.note import Note
from ledger.mirror import Mirror
from ledger.ports import Clock, Evidence, Peer
from ledger.witness import catching_up_path, monitoring_path

WATCH_SECONDS: Final = 60.0
CATCH_UP_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one pass found: agreeing, unreachable or unusable members, and contradictions."""

    agree: tuple[str, ...]
    silent: Mapping[str, str]
    evidence: tuple[Evidence, ...]


async def compare_with(mirror: Mirror, peers: Mapping[str, Peer]) -> Compared:
    """Compare this copy with what each member (mirror or witness) last cosigned."""
    agree: list[str] = []
    silent: dict[str, str] = {}
    found: list[Evidence] = []
    for member, peer in sorted(peers.items()):
        try:
            # Asked before its head: once it has caught up, its head shows all that is recorded.
            hear = await _listener(mirror, member, peer)
            answer = await peer.get(monitoring_path(mirror.origin))
            if answer.status == 404:
                silent[member] = "has cosigned nothing yet"
                hear(None)
                continue
            if answer.status != 200:
                silent[member] = f"status {answer.status}"
                continue
            signed = open_checkpoint(answer.body, mirror.log_keys, origin=mirror.origin)
            hear(signed.note)
            evidence = await mirror.compare(signed.note)
        except LedgerError as error:
            silent[member] = str(error)
            continue
        if evidence is None:
            agree.append(member)
        else:
            found.append(evidence)
    return Compared(agree=tuple(agree), silent=silent, evidence=tuple(found))


async def _listener(mirror: Mirror, member: str, peer: Peer) -> Callable[[Note | None], None]:
    """Takes what a member cosigned last, with whether it is catching up itself.

    That is asked only while this mirror has to know. Raises PeerError when it is not answered.
    """
    catching = mirror.catching
    if catching is None:
        return lambda _: None
    answer = await peer.get(catching_up_path(mirror.origin))
    if answer.status not in (200, 404):  # a mirror that is not ours does not know the path
        raise PeerError(f"status {answer.status} when asked whether it is catching up")
    return partial(catching.heard, member, forgot=answer.status == 200)


async def watch(
    mirror: Mirror, peers: Mapping[str, Peer], clock: Clock, *, seconds: float = WATCH_SECONDS
) -> None:
    """Compare for ever; a store that fails is asked again by the next pass."""
    while True:
        with suppress(LedgerError):
            if await mirror.problem() is not None:
                await compare_with(mirror, peers)
                await clock.sleep(CATCH_UP_SECONDS)
                continue
        await clock.sleep(seconds)
        with suppress(StoreError):
            await compare_with(mirror, peers)
