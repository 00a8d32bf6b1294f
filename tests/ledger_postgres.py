"""A PostgreSQL cluster of the tests' own, with a synchronous standby, on free loopback ports.

The server refuses to run as root: then it runs as the user `postgres` that Debian's package makes.
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

import psycopg

from ledger.stores import schema_sql
from tests.needs import postgres_bin

STANDBY = "standby1"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Cluster:
    """A primary and its synchronous standby."""

    def __init__(self, folder: Path) -> None:
        found = postgres_bin()
        assert found is not None
        self._bin = found
        self._primary, self._standby = folder / "primary", folder / "standby"
        self.port, self.standby_port = free_port(), free_port()
        self._databases = 0

    def start(self) -> None:
        """Make both and wait until the standby is synchronous."""
        self._run("initdb", "-D", self._primary, "-A", "trust", "-U", "postgres", "--no-sync")
        settings = (
            f"port={self.port}",
            "listen_addresses='127.0.0.1'",
            f"unix_socket_directories='{self._primary}'",
            "max_connections=60",
        )
        with (self._primary / "postgresql.conf").open("a") as file:
            file.write("\n".join(settings) + "\n")
        self.start_primary()
        self._run(
            "pg_basebackup", "-D", self._standby, "-R", "-U", "postgres", "-h", "127.0.0.1",
            "-p", self.port, "-d", f"application_name={STANDBY}",
        )  # fmt: skip
        conf = self._standby / "postgresql.auto.conf"
        with conf.open("a") as file:
            file.write(
                f"port={self.standby_port}\nunix_socket_directories='{self._standby}'\n"
                f"primary_conninfo='host=127.0.0.1 port={self.port} user=postgres "
                f"application_name={STANDBY}'\n"
            )
        self.start_standby()
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({STANDBY})'")
        self.execute("SELECT pg_reload_conf()")

    def start_primary(self) -> None:
        self._run("pg_ctl", "-D", self._primary, "-w", "-l", self._primary / "log", "start")

    def start_standby(self) -> None:
        self._run("pg_ctl", "-D", self._standby, "-w", "-l", self._standby / "log", "start")

    def stop_standby(self) -> None:
        self._run("pg_ctl", "-D", self._standby, "-m", "immediate", "stop")

    def kill_primary(self) -> None:
        """As a power cut for its processes: no checkpoint, no goodbye."""
        self._run("pg_ctl", "-D", self._primary, "-m", "immediate", "stop")

    def stop(self) -> None:
        for folder in (self._standby, self._primary):
            subprocess.run(
                self._command("pg_ctl", "-D", folder, "-m", "immediate", "stop"),
                capture_output=True,
                check=False,
            )

    def new_database(self) -> str:
        """The SQLAlchemy URL of a fresh database."""
        self._databases += 1
        name = f"ledger{self._databases}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """One statement on the primary, outside any transaction."""
        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _command(self, program: str, *arguments: object) -> list[str]:
        command = [str(self._bin / program), *(str(each) for each in arguments)]
        if os.geteuid() != 0:
            return command
        return ["runuser", "-u", "postgres", "--", *command]

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            self._command(program, *arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
            cwd="/",
        )
        if done.returncode != 0:
            logs = [
                each.read_text()[-800:]
                for each in (self._primary / "log", self._standby / "log")
                if each.exists()
            ]
            raise AssertionError(f"{program}: {done.stderr.decode(errors='replace')[-500:]} {logs}")


def empty(url: str) -> None:
    """The ledger's tables of a migrated database as they were right after migrating."""
    names = [name for name in schema_sql.metadata.tables if name != "ledger_state"]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(names)}")  # type: ignore[call-overload]
        connection.execute(
            "UPDATE ledger_state SET size = 0, head_size = NULL, head_note = NULL, holder = '',"
            " held_until = 0, fence = 0"
        )


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A started cluster in a folder of its own; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vastedag-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o700)
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
