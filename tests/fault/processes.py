"""Members as processes: forked by one nursery for the whole run, held by their own handles."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Member:
    """One running process, held by a handle that no other process can come to stand for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it is gone, or goes within these seconds."""
        return bool(select.select([self._handle], [], [], seconds)[0])

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        assert self.ended(30), f"process {self.pid} survives SIGKILL"
        os.close(self._handle)


class Nursery:
    """The process that forks members (member.py); it imports everything once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.member"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def fork(self, **order: object) -> Member:
        """A member's process; `netns` names the network namespace it is to live in."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Member(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End it, and with it all its children."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()


@cache
def nursery() -> Nursery:
    """The one of this test run."""
    running = Nursery()
    atexit.register(running.close)
    return running
