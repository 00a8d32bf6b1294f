"""The clockwork under processes: nothing is done twice and nothing lost, whatever is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from node.clockwork.clockwork import LEASE_SECONDS
from node.clockwork.timetable import STEPS, load_timetable
from node.stores import schema_sql as tables
from node.stores.database_sql import Database, migrate
from specs.values import Month
from tests.clockwork_child import NETHERLANDS, PIECES, clockwork, make_effects, set_clock
from tests.ledger_postgres import running_cluster
from tests.needs import require

START = datetime(2026, 10, 20, 12, 0, tzinfo=NETHERLANDS)
LONG = os.environ.get("VASTEDAG_FAULTS") == "long"
SECONDS_MAX = 60.0


class Store:
    """A database, a clock in a file, and the children on them."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.clock = url, directory / "clock"
        self.database = Database(url)
        make_effects(self.database)
        set_clock(self.clock, START)

    def child(self, holder: str, rounds: int, *kill_at: int) -> subprocess.Popen[bytes]:
        arguments = [self.url, str(self.clock), holder, str(rounds), *map(str, kill_at)]
        return subprocess.Popen([sys.executable, "-m", "tests.clockwork_child", *arguments])

    def effects(self) -> list[tuple[str, str, int]]:
        with self.database.read() as connection:
            rows = connection.execute(text("SELECT month, step, place FROM effects"))
            return [(str(month), str(step), int(place)) for month, step, place in rows]

    def waiting(self) -> list[tuple[str, str]]:
        table = tables.clockwork
        with self.database.read() as connection:
            rows = connection.execute(
                select(table.c.month, table.c.step).where(table.c.state == "waiting")
            )
            return [(str(month), str(step)) for month, step in rows]

    def tick(self, holder: str = "here") -> int | None:
        return clockwork(self.database, self.clock, holder).tick()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("empty") / "node.sqlite3"
    migrate(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
def sqlite_store(empty: bytes, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "node.sqlite3"
    path.write_bytes(empty)
    store = Store(f"sqlite:///{path}", tmp_path)
    yield store
    store.database.close()


@pytest.fixture(scope="module")
def postgres_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    require("postgresql")
    with running_cluster() as cluster:
        url = cluster.new_database()
        migrate(url)
        store = Store(url, tmp_path_factory.mktemp("clock"))
        yield store
        store.database.close()


def due_until(moment: datetime) -> set[tuple[str, str]]:
    """What the published timetable says is due by then, from the month of START on."""
    found, month = set(), Month.of(START.date())
    while month <= Month.of(moment.date()).plus(1):
        served = load_timetable().month(month)
        found |= {(str(month), step) for step in STEPS if served.due[step] <= moment}
        month = month.plus(1)
    return found


def assert_once(store: Store, moment: datetime) -> None:
    """Every piece of every step that is due was done exactly once."""
    wanted = [(month, step, n) for month, step in due_until(moment) for n in range(PIECES)]
    assert sorted(store.effects()) == sorted(wanted)
    assert not set(store.waiting()) & due_until(moment)


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


def months_go_by(store: Store, count: int, moments: int) -> None:
    """Children tick while the clock moves on by a day at a time."""
    children = [store.child(f"child-{n}", 100_000) for n in range(count)]
    try:
        moment = START
        for _ in range(moments):
            moment += timedelta(days=7)  # longer than a lease: any of them may take over
            set_clock(store.clock, moment)
            wait_for(lambda now=moment: not set(store.waiting()) & due_until(now))
            wait_for(lambda now=moment: len(store.effects()) >= PIECES * len(due_until(now)))
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert_once(store, moment)


@pytest.mark.parametrize("count", [2, 3] if LONG else [2])
def test_processes_on_one_sqlite_store_do_everything_once(sqlite_store: Store, count: int) -> None:
    months_go_by(sqlite_store, count, 40 if LONG else 6)


def test_three_processes_on_one_postgres_store_do_everything_once(postgres_store: Store) -> None:
    months_go_by(postgres_store, 3, 40 if LONG else 6)


def test_killed_between_every_two_steps_nothing_is_lost_or_doubled(sqlite_store: Store) -> None:
    """kill -9 at the nth statement or commit, for n rising until a run ends by itself."""
    moment, kill_at, ended = START, 0, 0
    while not ended:
        kill_at += 1 if LONG else 13
        child = sqlite_store.child("one home", 1, kill_at)
        ended = int(child.wait(SECONDS_MAX) == 0)
        assert child.returncode in (0, -signal.SIGKILL)
        effects = sqlite_store.effects()
        assert len(effects) == len(set(effects))
        if kill_at < 60:  # meanwhile time goes on
            moment += timedelta(days=5)
            set_clock(sqlite_store.clock, moment)
    assert kill_at > 9
    assert_once(sqlite_store, moment)


def stop_between_writes(store: Store, child: subprocess.Popen[bytes]) -> None:
    """Stop a child while it holds no lock: SQLite has one for the whole file."""
    path = store.url.removeprefix("sqlite:///")
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        child.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        with contextlib.closing(sqlite3.connect(path, timeout=0.2)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                child.send_signal(signal.SIGCONT)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_stopped_over_the_due_moment_catches_up(sqlite_store: Store) -> None:
    child = sqlite_store.child("sleeper", 100_000)
    try:
        wait_for(lambda: len(sqlite_store.effects()) == PIECES * len(due_until(START)))
        stop_between_writes(sqlite_store, child)
        later = START + timedelta(days=70)  # two months go by while it sleeps
        set_clock(sqlite_store.clock, later)
        child.send_signal(signal.SIGCONT)
        wait_for(lambda: len(sqlite_store.effects()) >= PIECES * len(due_until(later)))
        wait_for(lambda: not set(sqlite_store.waiting()) & due_until(later))
    finally:
        child.kill()
        child.wait()
    assert_once(sqlite_store, later)


def test_a_sleeper_that_lost_its_lease_does_nothing_more(sqlite_store: Store) -> None:
    """The fence, not the clock: it still believes in its lease when it wakes."""
    child = sqlite_store.child("sleeper", 100_000)
    try:
        wait_for(lambda: len(sqlite_store.effects()) == PIECES * len(due_until(START)))
        stop_between_writes(sqlite_store, child)
        later = START + timedelta(days=30)
        assert later - START > timedelta(seconds=LEASE_SECONDS)
        set_clock(sqlite_store.clock, later)
        assert sqlite_store.tick("awake") is not None
        child.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
    assert_once(sqlite_store, later)


def test_a_clock_that_jumps_both_ways_repeats_nothing(sqlite_store: Store) -> None:
    forward = START + timedelta(days=45)
    for moment in (START, forward, START - timedelta(days=90), START, forward):
        set_clock(sqlite_store.clock, moment)
        assert sqlite_store.tick() is not None
    assert_once(sqlite_store, forward)


def test_after_the_clock_went_back_another_ticker_is_not_locked_out(sqlite_store: Store) -> None:
    set_clock(sqlite_store.clock, START + timedelta(days=45))
    assert sqlite_store.tick("one") is not None
    set_clock(sqlite_store.clock, START)
    assert sqlite_store.tick("two") is not None
    set_clock(sqlite_store.clock, START + timedelta(seconds=1))
    assert sqlite_store.tick("one") is None  # and the lease holds again


def test_a_restart_in_the_middle_goes_on_where_it_was(sqlite_store: Store) -> None:
    for _ in range(2):
        child = sqlite_store.child("same home", 1)
        assert child.wait(SECONDS_MAX) == 0
    assert_once(sqlite_store, START)
