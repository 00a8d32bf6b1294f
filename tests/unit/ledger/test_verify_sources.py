"""The verifier over what it meets outside: a directory, gzipped bundles, HTTP with a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledger.errors import VerifyError
from ledger.formats.tiles import gzip_bundle
from ledger.verify import verify_log
from ledger.verifying.source_dir import DirectorySource
from ledger.verifying.source_http import HttpSource
from tests.ledger_logs import DictSource, sample_log

_LOG = sample_log(600)
TOKEN = "auditor"  # not a secret: the test server's own


def written(source: DictSource, directory: Path, *, packed: bool) -> None:
    for path, data in source.files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if packed and path.startswith("tile/entries"):
            file.with_name(file.name + ".gz").write_bytes(gzip_bundle(data))
        else:
            file.write_bytes(data)


@pytest.mark.parametrize("packed", [False, True])
def test_a_directory(tmp_path: Path, packed: bool) -> None:
    written(_LOG.source(), tmp_path, packed=packed)
    report = verify_log(DirectorySource(tmp_path), _LOG.vkey, _LOG.policy)
    assert (report.entries, report.tiles, report.void_count) == (600, 4, 0)


def test_a_flipped_byte_in_every_file_of_a_directory_is_found(tmp_path: Path) -> None:
    written(_LOG.source(), tmp_path, packed=False)
    for file in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        good = file.read_bytes()
        at = len(good) // 3
        if file.name == "checkpoint":
            at = 30  # in the text; a damaged cosignature does not count and is named instead
        file.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        with pytest.raises(VerifyError) as caught:
            verify_log(DirectorySource(tmp_path), _LOG.vkey)
        assert caught.value.place
        file.write_bytes(good)
    assert verify_log(DirectorySource(tmp_path), _LOG.vkey).entries == 600


def test_a_missing_or_unreadable_directory(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="checkpoint"):
        verify_log(DirectorySource(tmp_path / "none"), _LOG.vkey)


@pytest.fixture
def prefix() -> Iterator[str]:
    files = _LOG.source().files

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/log/")
            entries = path.startswith("tile/entries")
            if entries and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.send_error(401)
            elif path not in files:
                self.send_error(404)
            else:
                body = gzip_bundle(files[path]) if entries else files[path]
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                if entries:
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/log"
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_http_with_a_token_and_without(prefix: str) -> None:
    source = HttpSource(prefix, token=TOKEN)
    assert verify_log(source, _LOG.vkey, _LOG.policy).entries == 600
    source.close()
    source = HttpSource(prefix)
    with pytest.raises(VerifyError, match="token"):
        verify_log(source, _LOG.vkey)
    assert verify_log(source, _LOG.vkey, _LOG.policy, entries=False).tiles == 4
    source.close()
    with pytest.raises(VerifyError, match="404"):
        verify_log(HttpSource(prefix + "/other"), _LOG.vkey)
