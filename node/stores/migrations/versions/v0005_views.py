"""The months of the household pages as they were worked out last.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_views",
        sa.Column("household", sa.String(22), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("made_on", sa.String(10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("node_views_made_on", "node_views", ["made_on"])


def downgrade() -> None:
    """They can always be worked out again."""
    op.drop_table("node_views")
