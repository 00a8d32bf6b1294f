"""A log's tree in a directory, as `export` writes it and verify.py reads it."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import PeerError, ProofError
from ledger.formats.tiles import gunzip_bundle, parse_tile_path

FILES = frozenset({"checkpoint", "vkey", "policy"})


class DirectorySource:
    """A TileSource below a directory; bundles may lie there gzipped (name ends in .gz)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, path: str) -> bytes:
        """The bytes at a path of the tree; raises PeerError when there are none."""
        if path not in FILES:
            try:
                parse_tile_path(path)  # nothing outside the directory can be named
            except ProofError as error:
                raise PeerError(str(error)) from None
        file = self._directory / path
        try:
            if file.is_file():
                return file.read_bytes()
            packed = file.with_name(file.name + ".gz")
            if packed.is_file():
                return gunzip_bundle(packed.read_bytes())
        except OSError as error:
            raise PeerError(f"{path}: cannot be read, {error.strerror}") from error
        raise PeerError(f"{path}: not there")
