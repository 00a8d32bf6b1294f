"""What single adults of a household agreed to, until all of them did.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_agreements",
        sa.Column("household", sa.String(22), primary_key=True),
        sa.Column("person", sa.String(22), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Who agreed already is asked again."""
    op.drop_table("node_agreements")
