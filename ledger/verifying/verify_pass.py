"""One pass over a log, from entry 0 to the signed root; raises at the first thing that is wrong.

Reading runs ahead on threads, checking runs on processes (verify_workers.py); what must happen in
order happens here: the link between runs, governance, which ids were used before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, NoReturn

from ledger.errors import AdmissionError, LedgerError, VerifyError
from ledger.formats import merkle
from ledger.formats.chain import GENESIS_PREV, entry_hash, parse_entry
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.tiles import TILE_WIDTH, TileHashes
from ledger.rules import admission
from ledger.rules.registry import Registry
from ledger.verifying.identities_dir import Identities
from ledger.verifying.verify_chunk import Admitted, Run, Shape, Void, check_shape, full_tile_roots
from ledger.verifying.verify_reader import LogReader
from ledger.verifying.verify_tree import TreeCheck
from ledger.verifying.verify_workers import Workers

VOIDS_LISTED_MAX: Final = 1_000
RUN_BUNDLES: Final = 4
READ_AHEAD: Final = 8

Progress = Callable[[int, int], None]  # (entries done, entries in all)
_Checked = tuple[Run, "Future[tuple[Shape, Admitted]]"]


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a pass found; registry is None when no entries were looked at."""

    registry: Registry | None = None
    entries: int = 0
    tiles: int = 0
    governance: int = 0
    void_count: int = 0


class LogPass:
    """Checks entries and tiles of one checkpoint."""

    def __init__(
        self,
        reader: LogReader,
        checkpoint: Checkpoint,
        older: Checkpoint | None,
        workers: Workers,
        identities: Identities,
        progress: Progress | None,
    ) -> None:
        self._reader = reader
        self._checkpoint = checkpoint
        self._workers = workers
        self._identities = identities
        self._progress = progress
        self._previous = GENESIS_PREV
        self._tree = TreeCheck(checkpoint, reader.tile, older)
        self.found = Findings()
        self.voids: list[Void] = []

    def run(self, *, entries: bool) -> None:
        """Check everything, or the hash tiles only; raises VerifyError."""
        with ThreadPoolExecutor(READ_AHEAD) as threads:
            runs = self._read_ahead(threads, entries=entries)
            if entries:
                self._check_runs(runs)
            else:
                for run in runs:
                    self._take_hashes(run, full_tile_roots(run.hashes))
        self._tree.finish()
        self.found.tiles += self._tree.tiles
        self._take_duplicates()
        self.voids.sort(key=lambda void: void.n)

    def _read_ahead(self, threads: ThreadPoolExecutor, *, entries: bool) -> Iterator[Run]:
        """The log's runs in order, a few of them being read while one is used."""
        waiting: deque[Future[Run]] = deque()
        try:
            for first in range(0, self._checkpoint.size, TILE_WIDTH * RUN_BUNDLES):
                waiting.append(threads.submit(self._read_run, first, entries=entries))
                if len(waiting) >= READ_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _read_run(self, first: int, *, entries: bool) -> Run:
        end = min(self._checkpoint.size, first + TILE_WIDTH * RUN_BUNDLES)
        hashes: list[bytes] = []
        taken: list[bytes] = []
        for number in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            hashes.append(self._reader.tile(self._reader.place(0, number)))
            if entries:
                taken += self._reader.bundle(number)
        return Run(first=first, entries=tuple(taken), hashes=b"".join(hashes))

    def _check_runs(self, runs: Iterator[Run]) -> None:
        waiting: deque[_Checked] = deque()
        while True:
            try:
                run = next(runs, None)
            except VerifyError:
                self._settle_all(waiting)  # what is wrong before it is told first
                raise
            if run is None:
                break
            if self.found.registry is None:
                self._take_genesis(run)
            waiting.append((run, self._workers.shape_and_admission(run)))
            if len(waiting) >= self._workers.runs_ahead:
                self._settle(waiting)
        self._settle_all(waiting)

    def _settle_all(self, waiting: deque[_Checked]) -> None:
        while waiting:
            self._settle(waiting)

    def _settle(self, waiting: deque[_Checked]) -> None:
        """Take the oldest run's answer; where its governance changed the registry, ask anew."""
        run, future = waiting.popleft()
        shape, admitted = future.result()
        self._check_shape(run, shape)
        if self._admit(run, admitted):
            for place, (later, _) in enumerate(waiting):
                waiting[place] = (later, self._workers.shape_and_admission(later))
        self.found.entries += len(run.entries)
        self._take_hashes(run, shape.tile_roots)

    def _take_hashes(self, run: Run, roots: tuple[bytes, ...]) -> None:
        self._tree.add(run.hashes, roots)
        self.found.tiles += -(-len(run.hashes) // (TILE_WIDTH * merkle.HASH_BYTES))
        if self._progress is not None:
            self._progress(self._tree.size, self._checkpoint.size)

    def _take_genesis(self, run: Run) -> None:
        """The registry out of entry 0."""
        alone = Run(first=0, entries=run.entries[:1], hashes=run.hashes[: merkle.HASH_BYTES])
        self._check_shape(alone, check_shape(alone))
        self._previous = GENESIS_PREV
        data = alone.entries[0]
        try:
            envelope = admission.open_envelope(parse_entry(data).envelope_raw)
            registry = admission.found(envelope, entry_hash(data))
        except AdmissionError as error:
            raise VerifyError("entry 0", f"no genesis: {error}", index=0) from None
        self._rule(0, registry, admission.identity_of(envelope.header))

    def _admit(self, run: Run, admitted: Admitted) -> bool:
        """Take what was admitted, settle governance in its place; True if the registry changed."""
        changed = False
        end = run.first + len(run.entries)
        while True:
            self._identities.add(admitted.identities, admitted.numbers)
            for void in admitted.voids:
                self._void(void)
            if admitted.until == end:
                return changed
            changed = self._govern(run, admitted.until) or changed
            admitted = self._workers.admission(run, admitted.until + 1).result()

    def _govern(self, run: Run, n: int) -> bool:
        data = run.entries[n - run.first]
        envelope = admission.open_envelope(parse_entry(data).envelope_raw)
        key = admission.identity_of(envelope.header)
        known = self._identities.known(key)
        try:
            registry = admission.check(
                self.found.registry, n, entry_hash(data), envelope, known=known
            )
        except AdmissionError as error:
            self._void(Void(n=n, code=error.code, reason=str(error)))
            return False
        self._rule(n, registry, key)
        return True

    def _rule(self, n: int, registry: Registry, key: bytes) -> None:
        self.found.registry = registry
        self.found.governance += 1
        self._identities.add(key, (n,))
        self._workers.use(registry)

    def _void(self, void: Void) -> None:
        self.found.void_count += 1
        if len(self.voids) < VOIDS_LISTED_MAX:
            self.voids.append(void)

    def _take_duplicates(self) -> None:
        """All are counted, the first are listed: a log of nothing else takes no memory here."""
        listed = self.found.void_count
        numbers = nsmallest(VOIDS_LISTED_MAX, self._counted(self._identities.duplicates()))
        for n in numbers[: max(0, VOIDS_LISTED_MAX - listed)]:
            reason = "id: recorded before by this author"
            self.voids.append(Void(n=n, code="reused_id", reason=reason))

    def _counted(self, numbers: Iterator[int]) -> Iterator[int]:
        for n in numbers:
            self.found.void_count += 1
            yield n

    def _check_shape(self, run: Run, shape: Shape) -> None:
        if shape.first_prev and shape.first_prev != self._previous:
            raise VerifyError(
                f"entry {run.first}",
                f"names {shape.first_prev} as the entry before it, but that one hashes to "
                f"{self._previous}",
                index=run.first,
            )
        damage = shape.damage
        if damage is None:
            self._previous = shape.last_hash
        elif damage.leaf:
            self._blame(run, damage.index)
        else:
            raise VerifyError(f"entry {damage.index}", damage.reason, index=damage.index)

    def _blame(self, run: Run, index: int) -> NoReturn:
        """Entry and tile disagree: the signed root tells which of the two was altered."""
        offset = index - run.first
        at = offset * merkle.HASH_BYTES
        entry_leaf = merkle.leaf_hash(run.entries[offset])
        tile_leaf = run.hashes[at : at + merkle.HASH_BYTES]
        tile = self._reader.place(0, index // TILE_WIDTH).path
        size, signed_root = self._checkpoint.size, self._checkpoint.root
        try:
            proof = merkle.inclusion_proof(TileHashes(self._reader.tile, size), index, size)
            entry_root = merkle.root_from_inclusion(entry_leaf, index, size, proof)
            tile_root = merkle.root_from_inclusion(tile_leaf, index, size, proof)
        except LedgerError:  # the tiles that would tell are damaged too
            entry_root = tile_root = b""
        if entry_root == signed_root:
            raise VerifyError(
                tile,
                f"hash {index % TILE_WIDTH} is {tile_leaf.hex()}, but entry {index}, which is "
                f"under the signed root, has leaf hash {entry_leaf.hex()}",
                index=index,
            )
        told = "which is under the signed root, " if tile_root == signed_root else ""
        raise VerifyError(
            f"entry {index}",
            f"its bytes have leaf hash {entry_leaf.hex()}, but {tile}, {told}holds "
            f"{tile_leaf.hex()}: these are not the bytes that were recorded",
            index=index,
        )
