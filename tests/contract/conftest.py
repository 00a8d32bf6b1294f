"""Every kind of store, to be held to one contract."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.stores.database_sql import migrate, sqlite_url
from tests.ledger_postgres import Cluster, empty, running_cluster
from tests.ledger_stores import Opened


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL with a synchronous standby."""
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url(cluster: Cluster) -> str:
    """A migrated database in that cluster."""
    url = cluster.new_database()
    migrate(url)
    return url


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied: migrating is slow."""
    path = tmp_path_factory.mktemp("migrated") / "ledger.sqlite3"
    migrate(sqlite_url(path))
    return path


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        empty(url)
        return Opened("postgresql", url)
    path = tmp_path / "ledger.sqlite3"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), path)
    return Opened(request.param, sqlite_url(path))
