"""`vastedag serve --processes`: several answer on one port, and stop or end as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.cli import main
from node.setup.home import Home
from tests.node_network import make_homes

ROOT = Path(__file__).parents[2]
STOP_SECONDS_MAX = 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_homes(tmp_path_factory.mktemp("homes"))["belastingdienst"]


@contextmanager
def serving(home: Home, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command with what it told for each process; killed when the test leaves it behind."""
    command = [sys.executable, "-m", "node.cli", "serve", "--home", str(home.directory)]
    with subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            yield process, [process.stderr.readline().strip() for _ in range(2)]
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    """The processes that answer; multiprocessing's own helper is not one of them."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(each) for each in found if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


@pytest.mark.timeout(120)
def test_two_processes_answer_on_one_port_and_stop_together(home: Home) -> None:
    with serving(home, "--processes", "2", "--log-only") as (process, told):
        assert len(set(told)) == 1
        assert told[0].startswith("belastingdienst: http://")
        assert len(children_of(process.pid)) == 2
        for _ in range(20):  # the kernel deals connections out to both
            with urllib.request.urlopen(f"{told[0].split()[1]}/log/vkey") as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS_MAX) == 0


@pytest.mark.timeout(120)
def test_when_the_parent_is_killed_the_others_end_too(home: Home) -> None:
    with serving(home, "--processes", "2", "--log-only") as (process, _):
        children = children_of(process.pid)
        process.kill()
        until = time.monotonic() + STOP_SECONDS_MAX
        while any(Path(f"/proc/{each}/cmdline").is_file() for each in children):
            assert time.monotonic() < until, "a web process outlived its parent"
            time.sleep(0.05)


@pytest.mark.timeout(120)
def test_when_one_ends_unasked_all_end_and_the_answer_is_no(home: Home) -> None:
    with serving(home, "--processes", "2", "--log-only") as (process, _):
        first, second = children_of(process.pid)
        os.kill(first, signal.SIGKILL)
        assert process.wait(STOP_SECONDS_MAX) == 1
        assert process.stderr is not None
        assert "ended unasked" in process.stderr.read()
        assert not Path(f"/proc/{second}").exists()


def test_the_development_provider_stays_in_one_process(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VASTEDAG_SIGN_IN", "development")
    assert main(["serve", "--home", str(home.directory), "--processes", "2"]) == 2
    assert "sign-ins in one process" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "65", "-1"])
def test_a_number_of_processes_that_is_none(
    home: Home, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--home", str(home.directory), "--processes", count]) == 2
    assert "1 to 64" in capsys.readouterr().err
