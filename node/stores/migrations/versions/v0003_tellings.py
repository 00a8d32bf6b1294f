"""What a source told of each slot: a value that comes back is a new record.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_tellings",
        sa.Column("slot", sa.String(64), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(43), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("noted", sa.String(32), nullable=False),
        sa.Column("delivery", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.String(32), nullable=False),
    )
    op.create_index("node_tellings_record", "node_tellings", ["id"])


def downgrade() -> None:
    """The order in which sources spoke is not told by anything else; it stays."""
    raise RuntimeError("the order of tellings stays; restore a backup instead")
