"""A client that is not ours and not in Python checks a log of ours: Go's x/mod note and tlog.

The program beside this file knows C2SP's texts and nothing of Vastedag.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.setup.network import auditor_token
from tests.ledger_logs import sample_log
from tests.node_network import Running, make_homes

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


class _Zipping(_Quiet):
    """Entry bundles always by gzip, whoever asks: tlog-tiles allows it unasked."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if "/tile/entries/" not in self.path or not path.is_file():
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=[_Quiet, _Zipping], ids=["plain", "gzip"])
def address(request: pytest.FixtureRequest, tree: Path) -> Iterator[str]:
    """The files over HTTP on the loopback."""
    handler = functools.partial(request.param, directory=str(tree))
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


@pytest.mark.needs("the Go toolchain")
def test_go_client_checks_a_running_network(checker: Path, tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        network = Running(homes=homes, nodes={}, workers={})
        try:
            for member in ("belastingdienst", "uwv", "svb", "toeslagen"):
                await network.start(member)
            await network.quiet(("belastingdienst", "uwv", "svb", "toeslagen"))
            registry = network.nodes["uwv"].view.registry
            command = [
                str(checker), "-log", str(homes["uwv"].settings.log_url), "-quorum", "3",
                "-vkey", registry.log_vkey, "-token", auditor_token(tmp_path),
            ]  # fmt: skip
            for _, key in registry.mirror_keys():
                command += ["-cosigner", key.text]
            run = functools.partial(subprocess.run, capture_output=True, text=True, check=False)
            done = await asyncio.to_thread(run, command)
            assert done.returncode == 0, done.stderr
            assert "1 entries: all under the signed root, chain unbroken" in done.stdout
            refused = await asyncio.to_thread(run, [*command[:-2], "-token", "wrong"])
            assert refused.returncode == 1
        finally:
            for member in list(network.nodes):
                await network.stop(member)

    asyncio.run(work())
