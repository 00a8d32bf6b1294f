"""Cosignatures for a head: every mirror is pushed at its own pace, the quorum decides.

One task a mirror always brings it the head that is being collected for; a slow mirror takes the
newest head when it is done with an older one. Witnesses are shown published heads and never wait
for. Which cosigners suffice is the policy's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ledger.errors import LedgerError, PeerError, PolicyError
from ledger.formats.note import Note, NoteSignature, Verifier, parse_note, parse_vkey
from ledger.ports import Clock, Head, Peer, Store
from ledger.rules.policies import policy_of
from ledger.rules.registry import Registry
from ledger.sequencing.push import Pusher


class Quorum:
    """The pushers of one sequencer."""

    def __init__(
        self,
        *,
        store: Store,
        origin: str,
        clock: Clock,
        mirrors: Mapping[str, Peer],
        witnesses: Mapping[str, Peer],
        retry_seconds: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._peers = {("mirror", m): peer for m, peer in mirrors.items()}
        self._peers |= {("witness", w): peer for w, peer in witnesses.items()}
        self._pushers = {key: Pusher(peer, store, origin) for key, peer in self._peers.items()}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._targets: dict[str, Head] = {}
        self._moved: dict[tuple[str, str], asyncio.Event] = {}
        self._collected: dict[int, dict[tuple[str, str], tuple[NoteSignature, ...]]] = {}
        self._news = asyncio.Event()
        self._states: dict[str, str] = {}
        self._late = asyncio.Event()
        self._published: Head | None = None
        self._verifiers: dict[tuple[str, str], Verifier] = {}

    async def reach(self, registry: Registry) -> None:
        """Start afresh with the mirrors and witnesses of this registry."""
        await self.stop()
        self._collected.clear()
        self._targets.clear()
        self._published = None
        self._adjust([registry])

    async def stop(self) -> None:
        """End all pushing."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def states(self) -> dict[str, str]:
        """For each member that cosigns the size it reached, or why not."""
        return dict(self._states)

    async def collect(self, head: Head, in_force: Sequence[Registry]) -> Note:
        """The head's note with the quorum of each registry; waits for as long as it takes.

        A mirror that says it holds another tree does not count and is named in `states`; what
        it cosigned is compared, and stops the log, at the next start (adopt.py).
        """
        self._adjust(in_force)
        self._aim("mirror", head)
        policies = [policy_of(registry) for registry in in_force]
        while True:
            self._news.clear()
            note = self._note(head)
            try:
                for policy in policies:
                    policy.satisfied(note)
            except PolicyError:
                await self._news.wait()
            else:
                self._forget(head.size)
                return note

    def show(self, published: Head | None, registry: Registry) -> None:
        """Offer the published head to the witnesses; nobody waits for them."""
        self._adjust([registry])
        if published is not None:
            self._published = published
            self._aim("witness", published)
            self._late.set()

    async def late(self) -> Head:
        """The published head with cosignatures that it did not have; waits until there are."""
        while True:
            await self._late.wait()
            self._late.clear()
            if self._published is not None:
                note = parse_note(self._published.note)
                found = self._collected.get(self._published.size, {})
                lines = [line for key in sorted(found) for line in found[key]]
                more = note.with_signatures(lines)
                if len(more.signatures) > len(note.signatures):
                    self._published = Head(size=self._published.size, note=more.encode())
                    return self._published

    def _note(self, head: Head) -> Note:
        found = self._collected.get(head.size, {})
        return parse_note(head.note).with_signatures(
            [line for key in sorted(found) for line in found[key]]
        )

    def _forget(self, size: int) -> None:
        for each in [each for each in self._collected if each < size]:
            del self._collected[each]

    def _aim(self, role: str, head: Head) -> None:
        self._targets[role] = head
        for key, event in self._moved.items():
            if key[0] == role:
                event.set()

    def _adjust(self, in_force: Sequence[Registry]) -> None:
        """One task for each mirror and witness of these registries that we can reach."""
        self._verifiers = {}
        for registry in in_force:  # the newest last: a rotated key counts at once
            for role, keys in (
                ("mirror", registry.mirror_keys()),
                ("witness", registry.witness_keys()),
            ):
                self._verifiers |= {(role, m): parse_vkey(key.text) for m, key in keys}
        wanted = set(self._verifiers)
        for key in sorted(wanted - self._tasks.keys()):  # the same order in every run
            if key in self._pushers:
                self._moved[key] = asyncio.Event()
                self._moved[key].set()
                self._tasks[key] = asyncio.create_task(self._push(key))
        for key in sorted(self._tasks.keys() - wanted):
            self._tasks.pop(key).cancel()

    async def _push(self, key: tuple[str, str]) -> None:
        role, member = key
        pusher, moved, done = self._pushers[key], self._moved[key], 0
        while True:
            await moved.wait()
            moved.clear()
            head = self._targets.get(role)
            if head is None or head.size <= done:
                continue
            try:
                push = pusher.mirror if role == "mirror" else pusher.witness
                lines = self._check(key, head, await push(head))
            except LedgerError as error:
                self._states[f"{role} {member}"] = str(error)
                await self._clock.sleep(self._retry_seconds)
                moved.set()
                continue
            done = head.size
            self._states[f"{role} {member}"] = f"size {head.size}"
            self._collected.setdefault(head.size, {})[key] = lines
            self._news.set()
            self._late.set()

    def _check(
        self, key: tuple[str, str], head: Head, lines: Sequence[NoteSignature]
    ) -> tuple[NoteSignature, ...]:
        """The lines by the key this member has on the ledger; raises LedgerError when none is."""
        verifier = self._verifiers[key]
        text = parse_note(head.note).text
        own = [each for each in lines if (each.name, each.key_id) == _id(verifier)]
        if not own:
            raise PeerError(f"{key[1]}: did not cosign with its key on the ledger")
        for line in own:
            verifier.verify(text, line)
        return tuple(own)


def _id(verifier: Verifier) -> tuple[str, bytes]:
    return verifier.name, verifier.key_id
