"""A client that is not ours and not in Python checks a log of ours: Go's x/mod note and tlog.

The program beside this file knows C2SP's texts and nothing of Vastedag.
"""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger_logs import sample_log

PROGRAM = Path(__file__).parent / "c2sp_go"
ENTRIES = 300  # one full tile and a partial one


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built."""
    built = tmp_path_factory.mktemp("go") / "c2spcheck"
    done = subprocess.run(
        ["go", "build", "-o", str(built), "."],
        cwd=PROGRAM,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A log of 300 entries as files."""
    log = sample_log(ENTRIES)
    for path, content in log.source().files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "vkey").write_text(log.vkey)
    (tmp_path / "policy").write_text(log.registry.policy_text() if log.registry else "")
    return tmp_path


@pytest.fixture
def address(tree: Path) -> Iterator[str]:
    """The files over HTTP on the loopback."""
    handler = functools.partial(_Quiet, directory=str(tree))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _check(checker: Path, address: str, tree: Path) -> subprocess.CompletedProcess[str]:
    policy = (tree / "policy").read_text().splitlines()
    cosigners = [line.split()[2] for line in policy if line.startswith("witness ")]
    command = [str(checker), "-log", address, "-vkey", (tree / "vkey").read_text(), "-quorum", "2"]
    for vkey in cosigners:
        command += ["-cosigner", vkey]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.needs("the Go toolchain")
def test_go_client_finds_every_entry_under_the_cosigned_root(
    checker: Path, address: str, tree: Path
) -> None:
    done = _check(checker, address, tree)
    assert done.returncode == 0, done.stderr
    assert f"{ENTRIES} entries: all under the signed root, chain unbroken" in done.stdout
    assert done.stdout.count("cosigned by") >= 2


@pytest.mark.needs("the Go toolchain")
@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/000", "checkpoint"])
def test_go_client_refuses_a_flipped_bit(
    checker: Path, address: str, tree: Path, path: str
) -> None:
    content = bytearray((tree / path).read_bytes())
    content[len(content) // 3] ^= 1
    (tree / path).write_bytes(content)
    assert _check(checker, address, tree).returncode == 1
