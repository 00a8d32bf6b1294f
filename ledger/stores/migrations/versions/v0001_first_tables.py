"""The first tables of a ledger store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make them, with the one row of state."""
    _entries_and_tree()
    _state_and_heads()
    _members()


def _entries_and_tree() -> None:
    """The log itself: entries, who said what id before, hash tiles."""
    op.create_table(
        "ledger_entries",
        sa.Column("n", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("governance", sa.Boolean, nullable=False),
        sa.Column("void", sa.String(32)),
    )
    governance = sa.text("governance")
    op.create_index(
        "ledger_entries_governance",
        "ledger_entries",
        ["n"],
        sqlite_where=governance,
        postgresql_where=governance,
    )
    op.create_table(
        "ledger_identities",
        sa.Column("identity", sa.LargeBinary, primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _state_and_heads() -> None:
    """How far the store is, who may write it, and which heads were published."""
    state = op.create_table(
        "ledger_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("head_size", sa.BigInteger),
        sa.Column("head_note", sa.LargeBinary),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("held_until", sa.BigInteger, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "size": 0, "holder": "", "held_until": 0, "fence": 0}])
    op.create_table(
        "ledger_published",
        sa.Column("size", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("shown", sa.LargeBinary),
    )


def _members() -> None:
    """What witnesses, followers and watchers keep."""
    op.create_table(
        "ledger_cosigned",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_evidence",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("found_at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
    )
    op.create_table(
        "ledger_follow",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_follow_identities",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("identity", sa.LargeBinary, primary_key=True),
        sqlite_with_rowid=False,
    )
