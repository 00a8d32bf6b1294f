"""The Logboek Dataverwerkingen: spans, and one line per data subject.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "node_processings",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("span", sa.LargeBinary(), nullable=False),
        sa.Column("parent", sa.LargeBinary()),
        sa.Column("activity", sa.String(48), nullable=False),
        sa.Column("started", _NUMBER, nullable=False),
        sa.Column("ended", _NUMBER, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("foreign_member", sa.String(63)),
        sa.Column("foreign_span", sa.LargeBinary()),
    )
    op.create_index("node_processings_started", "node_processings", ["started"])
    op.create_table(
        "node_processed",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("processing", _NUMBER, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take them away; who looked is then not known any more."""
    op.drop_table("node_processed")
    op.drop_table("node_processings")
