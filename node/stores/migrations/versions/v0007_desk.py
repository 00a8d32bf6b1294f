"""The desk: problems by file, what staff did, proposals of two clerks, other names of a person.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _files()
    op.create_table(
        "node_acts",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("staff", sa.String(64), nullable=False),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(22), nullable=False),
        sa.Column("record", sa.String(43), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
    )
    op.create_index("node_acts_staff", "node_acts", ["staff", "act", "subject"])
    op.create_table(
        "node_proposals",
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(22), nullable=False),
        sa.Column("author", sa.String(63), nullable=False),
        sa.Column("record", sa.String(43), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("proposed_at", _NUMBER, nullable=False),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", _NUMBER),
        sa.Column("answer", sa.LargeBinary()),
    )
    op.create_index("node_proposals_state", "node_proposals", ["state", "kind"])
    op.create_table(
        "node_aliases",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(22), nullable=False),
        sa.Column("proposal", sa.String(43), nullable=False),
    )


def _files() -> None:
    op.create_table(
        "node_batches",
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
    )
    op.create_index("node_batches_at", "node_batches", ["at"])
    op.create_table(
        "node_problems",
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("where_told", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("repair", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Decisions of two clerks and the account of staff would be lost: only the tables go."""
    for table in ("node_problems", "node_batches", "node_acts", "node_proposals", "node_aliases"):
        op.drop_table(table)
