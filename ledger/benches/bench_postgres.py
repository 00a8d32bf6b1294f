"""A PostgreSQL server of the benchmark's own, on a free port of this machine, thrown away after.

One server, fsync and synchronous_commit on, all else as installed; it refuses to run as root, then
it runs as the user `postgres` that Debian's package makes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from ledger.errors import LedgerError

INSTALLED: Final = Path("/usr/lib/postgresql")
COMMAND_SECONDS_MAX: Final = 120


@contextmanager
def postgres(databases: int) -> Iterator[list[str]]:
    """The URLs of that many empty databases; raises LedgerError when there is no server program."""
    programs = sorted(INSTALLED.glob("*/bin"), key=lambda each: int(each.parent.name))
    runuser = shutil.which("runuser")
    if not programs or (os.geteuid() == 0 and runuser is None):
        raise LedgerError("bench: needs PostgreSQL 15 or later; apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="vastedag-bench-postgres-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        yield from _running(programs[-1], Path(folder) / "data", runuser, databases)


def _running(
    programs: Path, data: Path, runuser: str | None, databases: int
) -> Iterator[list[str]]:
    def run(program: str, *arguments: object) -> None:
        command = [str(programs / program), *(str(each) for each in arguments)]
        if os.geteuid() == 0:
            command = [str(runuser), "-u", "postgres", "--", *command]
        done = subprocess.run(  # noqa: S603 - Debian's programs, no input
            command, capture_output=True, timeout=COMMAND_SECONDS_MAX, cwd="/", check=False
        )
        if done.returncode:
            raise LedgerError(f"bench: {program}: {done.stderr.decode(errors='replace')[:500]}")

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run("initdb", "-D", data, "-A", "trust", "-U", "postgres")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
    run("pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start")
    try:
        names = [f"bench{number}" for number in range(databases)]
        with psycopg.connect(
            f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            for name in names:
                connection.execute(f"CREATE DATABASE {name}")
        yield [f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}" for name in names]
    finally:
        run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
