"""Ids in the order of the log, and blocks of them sorted: the blocks are made at the first use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Carry the ids over; see decision 0021."""
    _beside_entries()
    _of_followers()
    _blocks()


def _beside_entries() -> None:
    op.add_column("ledger_entries", sa.Column("identity", sa.LargeBinary))
    op.create_index("ledger_identities_n", "ledger_identities", ["n"])
    op.execute(
        "UPDATE ledger_entries SET identity = (SELECT ledger_identities.identity"
        " FROM ledger_identities WHERE ledger_identities.n = ledger_entries.n)"
    )
    op.drop_table("ledger_identities")


def _of_followers() -> None:
    op.create_table(
        "ledger_follow_ids",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("identity", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    # In any order but that of their first bytes, by which the blocks of a run are told apart.
    op.execute(
        "INSERT INTO ledger_follow_ids (name, n, identity) SELECT name,"
        " row_number() OVER (PARTITION BY name ORDER BY substr(identity, 9)) - 1, identity"
        " FROM ledger_follow_identities"
    )
    op.drop_table("ledger_follow_identities")


def _blocks() -> None:
    op.create_table(
        "ledger_id_blocks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("filter", sa.LargeBinary, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_id_steps",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("steps", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for column in ("filter", "ids"):  # random bytes: an attempt to compress them is lost
            op.execute(f"ALTER TABLE ledger_id_blocks ALTER COLUMN {column} SET STORAGE EXTERNAL")
