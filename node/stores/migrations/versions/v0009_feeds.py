"""Calendar feeds, by the digest of their token.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_feeds",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("household", sa.String(22), nullable=False),
        sa.Column("person", sa.String(22), nullable=False),
        sa.Column("mandate", sa.String(43)),
        sa.Column("amounts", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
        sa.Column("told", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("modified", _NUMBER, nullable=False),
        sa.UniqueConstraint("household", "person"),
    )


def downgrade() -> None:
    """Every feed stops; households make a new one."""
    op.drop_table("node_feeds")
