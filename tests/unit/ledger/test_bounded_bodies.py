"""Bodies that others send are read no further than what may be there, gzip or not."""

from __future__ import annotations

import asyncio
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest

from ledger import peers_http
from ledger.errors import FormatError, PeerError
from ledger.formats.packages import MirrorInfo, parse_info
from ledger.formats.unzip import Unzip
from ledger.peers_http import HttpPeer
from ledger.verifying import source_http
from ledger.verifying.source_http import HttpSource

BOMB: Final = gzip.compress(bytes(64 * 1024 * 1024))  # some 64 KB that stand for 64 MB
TILE = bytes(range(256)) * 32
BODIES: Final = {
    "/tile/0/000": (TILE, None),
    "/tile/0/001": (gzip.compress(TILE), "gzip"),  # unasked gzip is allowed (tlog-tiles)
    "/tile/0/002": (TILE + b"x", None),
    "/tile/0/003": (BOMB, "gzip"),
    "/tile/0/004": (gzip.compress(TILE)[:-3], "gzip"),
    "/tile/0/005": (gzip.compress(TILE) + b"tail", "gzip"),
    "/tile/0/006": (TILE, "br"),
    "/tile/0/007": (b"no gzip", "gzip"),
    "/checkpoint": (b"a" * (1024 * 1024 + 1), None),
}


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body, encoding = BODIES[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if encoding is not None:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        with suppress(ConnectionError):  # the reader may go away before it has read all
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001"])
def test_a_log_is_read_with_and_without_gzip(address: str, path: str) -> None:
    source = HttpSource(address)
    assert source.read(path) == TILE
    source.close()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tile/0/002", "more than 8192 bytes"),
        ("tile/0/003", "more bytes than are taken"),
        ("tile/0/004", "cut off"),
        ("tile/0/005", "after the end"),
        ("tile/0/006", "not gzip"),
        ("tile/0/007", "not a gzip stream"),
        ("checkpoint", "more than 1048576 bytes"),
    ],
)
def test_an_answer_beyond_its_bound_is_refused(address: str, path: str, told: str) -> None:
    source = HttpSource(address)
    with pytest.raises(PeerError, match=told):
        source.read(path)
    source.close()


def test_a_member_is_read_within_a_bound(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers_http, "ANSWER_BYTES_MAX", len(TILE))

    async def work() -> None:
        peer = HttpPeer(address)
        assert (await peer.get("tile/0/001")).body == TILE
        for path in ("tile/0/002", "tile/0/003", "tile/0/004", "tile/0/006", "checkpoint"):
            with pytest.raises(PeerError, match=path):
                await peer.get(path)
        await peer.close()

    asyncio.run(work())


def test_the_bounds_are_those_of_the_formats() -> None:
    assert source_http.TILE_BYTES_MAX == 256 * 32
    assert source_http.BUNDLE_BYTES_MAX == 256 * (65_535 + 2)


def test_unzip_takes_any_pieces() -> None:
    zipped = gzip.compress(TILE)
    for step in (1, 7, len(zipped)):
        unzip = Unzip(len(TILE))
        parts = [unzip.feed(zipped[at : at + step]) for at in range(0, len(zipped), step)]
        unzip.finish()
        assert b"".join(parts) == TILE
    with pytest.raises(FormatError):
        Unzip(len(TILE) - 1).feed(zipped)


@pytest.mark.parametrize(
    "numbers", ["00\n1", "1\n01", "+1\n1", " 1\n1", "1\n-1", "1_0\n1", "\n1", "1\n" + "9" * 20]
)
def test_mirror_info_has_one_spelling_of_a_number(numbers: str) -> None:
    with pytest.raises(FormatError, match="decimal"):
        parse_info(f"{numbers}\n\n".encode())


def test_mirror_info_comes_back_as_it_was() -> None:
    for pending, following in ((0, 0), (10**18, 7)):
        info = MirrorInfo(pending_size=pending, next_entry=following)
        assert parse_info(info.encode()) == info
