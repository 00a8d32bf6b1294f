"""The log as a static tree: checkpoint, tile/…, vkey, policy, as any web server can serve it.

Written so that the directory is a whole log at every moment: tiles first, the checkpoint last.
A file that exists with other content stops the export: tiles never change (Sunlight's habit).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import StoreError
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.note import parse_note
from ledger.formats.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    bundles_between,
    encode_bundle,
    tiles_of,
)
from ledger.ports import Store
from ledger.tail import registry_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    size: int
    tiles: int
    bundles: int


async def export(store: Store, directory: Path, *, public: bool = False) -> Exported:
    """Write the published log below directory; public leaves out the entry bundles.

    Raises StoreError when nothing is published, the store is damaged, or a file there differs.
    """
    published = await store.published()
    if published is None:
        raise StoreError("ledger: nothing is published yet; export later")
    size = parse_checkpoint(parse_note(published.note).text).size
    # Entries above the published size are stored, not recorded: their governance says nothing yet.
    registry = registry_of([row for row in await store.governance() if row.n < size])
    if registry is None:
        raise StoreError(f"ledger: no genesis among the {size} published entries; run fsck")
    directory.mkdir(parents=True, exist_ok=True)
    tiles = 0
    for tile in tiles_of(size):
        (hashes,) = await store.tiles([(tile.level, tile.n)])
        cut = (hashes or b"")[: tile.width * HASH_BYTES]
        if len(cut) != tile.width * HASH_BYTES:
            raise StoreError(f"{tile.path}: missing in the store; run fsck")
        _write_once(directory / tile.path, cut)
        tiles += 1
    bundles = 0
    if not public:
        for tile in bundles_between(0, size):
            _write_once(directory / tile.path, await _bundle(store, tile))
            bundles += 1
    write_whole(directory / "vkey", f"{registry.log_vkey}\n".encode())
    write_whole(directory / "policy", registry.policy_text().encode())
    write_whole(directory / "checkpoint", published.note)
    return Exported(size=size, tiles=tiles, bundles=bundles)


async def _bundle(store: Store, tile: Tile) -> bytes:
    assert tile.level == ENTRIES
    first = tile.n * TILE_WIDTH
    entries = await store.entries(first, first + tile.width)
    if len(entries) != tile.width:
        raise StoreError(f"{tile.path}: entries are missing in the store; run fsck")
    return encode_bundle(entries)


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        if path.read_bytes() != content:
            raise StoreError(f"{path}: there with other content; export to an empty directory")
        return
    write_whole(path, content)


def write_whole(path: Path, content: bytes) -> None:
    """The whole content under this name or nothing, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
