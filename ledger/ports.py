"""What the ledger asks of the world, as promises, kept in the files named `<port>_<tech>.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Signer(Protocol):
    """Holds one private key and makes Ed25519 signatures with it; the key never comes out."""

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over exactly these bytes."""
        ...


class Row(NamedTuple):  # one for each entry: made four times as fast as a frozen dataclass
    """One stored entry: raw is the leaf's bytes.

    identity is the SHA-256 of author and id, None when the entry is void (a void entry uses up no
    id); void is the admission code that makes it so.
    """

    n: int
    raw: bytes
    identity: bytes | None
    governance: bool = False
    void: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HashTile:
    """The whole present content of tile `n` of a level: 1 to 256 hashes of 32 bytes."""

    level: int
    n: int
    hashes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed checkpoint note and the size it signs."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Entries start to start+len(rows)-1 with the hash tiles they change.

    head is the pending checkpoint of the new size (a sequencer's batch always has one, a mirror's
    only what it was told); published is set when the same transaction also publishes a head.
    """

    start: int
    rows: tuple[Row, ...]
    tiles: tuple[HashTile, ...]
    head: Head | None = None
    published: Head | None = None

    @property
    def size(self) -> int:
        """The number of entries after this batch."""
        return self.start + len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a store holds: entries [0, size), the pending head, the last published head."""

    size: int
    head: Head | None
    published: Head | None

    @property
    def published_size(self) -> int:
        """The number of recorded entries."""
        return 0 if self.published is None else self.published.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Statements that contradict each other, kept for ever: who lied, in signed bytes.

    kind: fork, rollback, broken_chain, void_entry, …; about: origin or member; parts are signed
    notes, entries and proofs by name; found_at in POSIX seconds.
    """

    kind: str
    about: str
    reason: str
    parts: Mapping[str, bytes]
    found_at: int


class Store(Protocol):
    """Keeps one copy of one log; every write is durable on return, or raises StoreError.

    StoreError from a write means *unknown*: load again and look (DESIGN 4). A sequencer and a
    mirror use the same store in two ways.
    """

    async def load(self) -> Stored:
        """What is stored now, after every write of this object that was begun before."""
        ...

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        """Write all of batch or nothing, only if the store still holds what `after` says.

        That is its size and head, and, when a fence is given, that lease. Raises StoreError
        when unknown; HeadMovedError or LeaseError when nothing was written.
        """
        ...

    async def set_head(self, head: Head | None, *, after: Head | None) -> None:
        """Replace the pending head (None: there is none), only if it still is `after`.

        Raises as commit does.
        """
        ...

    async def publish(self, head: Head) -> None:
        """Make head the published one unless a larger one is; remember it for its size.

        A second note for the same size (more cosignatures) is shown by `load`, while
        `published_over` keeps answering the first, so that receipts stay as they were.
        """
        ...

    async def published(self) -> Head | None:
        """The newest published head, as readers see it: never waits for a writer."""
        ...

    async def published_over(self, n: int) -> Head | None:
        """The first remembered published head that covers entry n."""
        ...

    async def published_last(self, count: int) -> list[Head]:
        """The remembered published heads, the first note of each size, the largest first."""
        ...

    async def count_void(self) -> int:
        """How many entries are void."""
        ...

    async def entries(self, start: int, end: int) -> list[bytes]:
        """The entries' bytes, in order; fewer when the store ends before."""
        ...

    async def rows(self, start: int, end: int) -> list[Row]:
        """The entries with what was judged of them."""
        ...

    async def governance(self) -> list[Row]:
        """The governance entries that are not void, in order."""
        ...

    async def find(self, identities: Sequence[bytes]) -> dict[bytes, int]:
        """The entry number of each identity that is recorded."""
        ...

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """For each (level, n) the present hashes of that tile, None when there is none."""
        ...

    async def acquire(self, holder: str, *, now: int, until: int) -> int:
        """Take or prolong the lease and answer its fencing number; StoreError when another's.

        The number rises whenever the lease changes hands, and only then: whoever slept too long
        goes on if nobody took it meanwhile. Times in POSIX seconds.
        """
        ...

    async def keep_evidence(self, evidence: Evidence) -> None:
        """Keep contradictions; the same parts are kept once."""
        ...

    async def evidence(self) -> list[Evidence]:
        """All that was kept, oldest first."""
        ...


class StateStore(Protocol):
    """A follower's place: its state as JSON bytes and the ids it has seen, saved together."""

    async def load(self) -> bytes | None:
        """The last saved state."""
        ...

    async def known(self, identities: Sequence[bytes]) -> set[bytes]:
        """Which of these were saved before."""
        ...

    async def save(self, state: bytes, identities: Sequence[bytes]) -> None:
        """Replace the state and add identities, all or nothing, durably."""
        ...

    async def clear(self) -> None:
        """Forget all, to follow from the first entry again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer without its transport; encoding is the body's Content-Encoding, if any."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    cache: str = "no-store"
    encoding: str | None = None
    retry_after_seconds: int | None = None


class Peer(Protocol):
    """Another member's log-side door: paths below its prefix."""

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        """Send; raises PeerError when no answer came (it may have been done all the same)."""
        ...

    async def get(self, path: str) -> Answer:
        """Fetch; raises PeerError when no answer came."""
        ...


class Clock(Protocol):
    """Time, which only edges and simulations own."""

    def now(self) -> int:
        """POSIX seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Checks(Protocol):
    """Verifies many signatures: in place, or on threads that let go of the interpreter lock."""

    async def verify(self, checks: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """For each (public key, message, signature) whether it verifies."""
        ...
