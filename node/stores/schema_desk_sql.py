"""The desk's own tables (node/desk): problems by file, acts of staff, proposals, other names.

Nothing personal stands in clear here either: what a proposal holds is ciphertext under its subject.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from node.stores.schema_sql import metadata

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

# What became of each file of an agency: counts, and its problems (the place, never the value).
batches: Final = Table(
    "node_batches",
    metadata,
    Column("source", String(200), primary_key=True),  # the file, masked; read again: replaced
    Column("format", String(40), nullable=False),
    Column("at", _NUMBER, nullable=False),
    Column("records", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
)
batches_by_time: Final = Index("node_batches_at", batches.c.at)
problems: Final = Table(
    "node_problems",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", String(12), nullable=False),  # refused problem tolerated
    Column("where_told", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("repair", Text, nullable=False),
)

# What staff did, by the keyed id of an account: audit data, in no log line and in no record.
acts: Final = Table(
    "node_acts",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", _NUMBER, nullable=False),
    Column("staff", String(64), nullable=False),
    Column("act", String(24), nullable=False),
    Column("subject", String(22), nullable=False),  # "" when it is about nobody
    Column("record", String(43), nullable=False),  # "" when it is about no record
    Column("purpose", String(64), nullable=False),
)
acts_by_staff: Final = Index("node_acts_staff", acts.c.staff, acts.c.act, acts.c.subject)

# What one clerk proposed and another decides; content and answer die with the subject's keys.
proposals: Final = Table(
    "node_proposals",
    metadata,
    Column("id", String(43), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(22), nullable=False),
    Column("author", String(63), nullable=False),
    Column("record", String(43), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),  # waiting agreed done refused
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", _NUMBER, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", _NUMBER),
    Column("answer", LargeBinary),
)
proposals_by_state: Final = Index("node_proposals_state", proposals.c.state, proposals.c.kind)

# Other names and birth dates under which two clerks know a subject, as keyed hashes.
aliases: Final = Table(
    "node_aliases",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("subject", String(22), nullable=False),
    Column("proposal", String(43), nullable=False),
)
