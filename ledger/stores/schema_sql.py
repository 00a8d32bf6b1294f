"""The ledger's tables, as SQLAlchemy Core sees them. migrations/ makes them in a database.

All names start with `ledger_`, so that a node may keep them beside its own.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION_TABLE: Final = "ledger_version"
STATE_ROW: Final = 1

metadata: Final = MetaData()

entries: Final = Table(
    "ledger_entries",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("governance", Boolean, nullable=False),
    Column("void", String(32)),
    Column("identity", LargeBinary),  # 32 bytes; none for a void entry
)

# Identities sorted, so that one used before is refused in the same transaction as its entry
# (LEDGER-FORMATS 4); of a follower's by its name, of the log's own by `*`. See ids_sql.py.
id_blocks: Final = Table(
    "ledger_id_blocks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("filter", LargeBinary, nullable=False),
    Column("ids", LargeBinary, nullable=False),
)

id_steps: Final = Table(
    "ledger_id_steps",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("steps", BigInteger, nullable=False),
)

tiles: Final = Table(
    "ledger_tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

state: Final = Table(
    "ledger_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("head_size", BigInteger),
    Column("head_note", LargeBinary),
    Column("holder", Text, nullable=False),
    Column("held_until", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
)

published: Final = Table(
    "ledger_published",
    metadata,
    Column(
        "size",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("note", LargeBinary, nullable=False),
    Column("shown", LargeBinary),
)

cosigned: Final = Table(
    "ledger_cosigned",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
)

evidence: Final = Table(
    "ledger_evidence",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("found_at", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("about", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parts", Text, nullable=False),
)

follow: Final = Table(
    "ledger_follow",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

follow_ids: Final = Table(
    "ledger_follow_ids",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("identity", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

governance_index: Final = Index(
    "ledger_entries_governance",
    entries.c.n,
    sqlite_where=entries.c.governance,
    postgresql_where=entries.c.governance,
)
