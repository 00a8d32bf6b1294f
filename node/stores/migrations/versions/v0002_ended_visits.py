"""Sessions and sign-ins that were ended: refused by every web process of the node.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_ended_visits",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("until", NUMBER, nullable=False),
    )
    op.create_index("node_ended_visits_until", "node_ended_visits", ["until"])


def downgrade() -> None:
    """Sessions that were ended would count again; everybody signs in anew instead."""
    op.drop_table("node_ended_visits")
