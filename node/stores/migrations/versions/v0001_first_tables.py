"""The node's first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _records()
    _deliveries()
    _keys_and_state()


def downgrade() -> None:
    """There is nothing before; content is never dropped by a migration."""
    raise RuntimeError("the first tables stay; restore a backup instead")


def _records() -> None:
    op.create_table(
        "node_records",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("record_class", sa.String(32), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("n", NUMBER),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("content_mac", sa.LargeBinary()),
        sa.Column("envelope", sa.LargeBinary()),
        sa.Column("receipt", sa.LargeBinary()),
    )
    op.create_index("node_records_n", "node_records", ["n"])
    op.create_index(
        "node_records_unsent",
        "node_records",
        ["author"],
        sqlite_where=sa.text("receipt IS NULL"),
        postgresql_where=sa.text("receipt IS NULL"),
    )
    op.create_index("node_records_state", "node_records", ["state", "n"])
    op.create_table(
        "node_persons",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("path", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(22), nullable=False),
    )
    op.create_index("node_persons_subject", "node_persons", ["subject"])
    op.create_table(
        "node_residences",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("subject", sa.String(22), primary_key=True),
        sa.Column("place", sa.LargeBinary(), nullable=False),
    )
    op.create_index("node_residences_subject", "node_residences", ["subject"])
    op.create_table(
        "node_entries",
        sa.Column("n", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("author", sa.String(63), nullable=False),
        sa.Column("id", sa.String(43), nullable=False),
        sa.Column("record_class", sa.String(32), nullable=False),
        sa.Column("commitment", sa.String(44)),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("void", sa.String(32)),
    )
    op.create_index("node_entries_identity", "node_entries", ["id", "author"])


def _deliveries() -> None:
    op.create_table(
        "node_inbox",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("record_class", sa.String(32), nullable=False),
        sa.Column("suite", sa.String(80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("received_at", NUMBER, nullable=False),
    )
    op.create_index("node_inbox_state", "node_inbox", ["state"])
    op.create_table(
        "node_inbox_waits",
        sa.Column("lookup", sa.String(64), primary_key=True),
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
    )
    op.create_table(
        "node_desk",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
    )
    op.create_table(
        "node_outbox",
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("recipient", sa.String(63), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", NUMBER, nullable=False),
    )
    op.create_index("node_outbox_due", "node_outbox", ["state", "due_at"])
    op.create_table(
        "node_unaddressed",
        sa.Column("id", sa.String(43), primary_key=True),
    )


def _keys_and_state() -> None:
    op.create_table(
        "node_subjects",
        sa.Column("subject", sa.String(22), primary_key=True),
        sa.Column("lookup", sa.String(64), nullable=False, unique=True),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "node_subject_keys",
        sa.Column("subject", sa.String(22), primary_key=True),
        sa.Column("term", sa.Integer(), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "node_content_keys",
        sa.Column("author", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("subject", sa.String(22), primary_key=True),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    )
    op.create_index("node_content_keys_subject", "node_content_keys", ["subject"])
    op.create_table(
        "node_changed",
        sa.Column("subject", sa.String(22), primary_key=True),
        sa.Column("version", NUMBER, nullable=False),
    )
    op.create_table(
        "node_meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "node_leases",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("until", NUMBER, nullable=False),
    )
