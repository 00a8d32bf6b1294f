"""The node's own tables, as SQLAlchemy Core sees them; migrations/ makes them in a database.

Nothing personal stands in clear in any of them but random subject ids: BSNs, names, dates and
places are in ciphertext whose keys can be destroyed.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION_TABLE: Final = "node_version"
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData()

# Every record this node holds: its own (with envelope and receipt) and those it opened.
records: Final = Table(
    "node_records",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("type", String(120), nullable=False),
    Column("record_class", String(32), nullable=False),
    Column("term", Integer, nullable=False),  # retention in years
    Column("state", String(16), nullable=False),  # pending opened refused not_competent erased
    Column("reason", Text, nullable=False, default=""),
    Column("n", _NUMBER),  # ledger index, once known
    Column("content", LargeBinary),  # ciphertext of commitment key and payload
    Column("content_mac", LargeBinary),  # own records: tells the same content from other content
    Column("envelope", LargeBinary),  # own records: the signed header
    Column("receipt", LargeBinary),  # own records: the tlog-proof
)
records_by_state: Final = Index("node_records_state", records.c.state, records.c.n)
records_by_place: Final = Index("node_records_n", records.c.n)
# Own records that wait for their receipt: few, among all that this node holds.
records_unsent: Final = Index(
    "node_records_unsent",
    records.c.author,
    sqlite_where=records.c.receipt.is_(None),
    postgresql_where=records.c.receipt.is_(None),
)

# Which subjects a record names, by the path of each person in its data.
persons: Final = Table(
    "node_persons",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("path", String(40), primary_key=True),
    Column("subject", String(22), nullable=False),
)
persons_by_subject: Final = Index("node_persons_subject", persons.c.subject)

# What a source told of one slot, in the order of recording; slot and delivery as keyed digests.
tellings: Final = Table(
    "node_tellings",
    metadata,
    Column("slot", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("id", String(43), nullable=False),
    Column("content", LargeBinary, nullable=False),  # keyed digest, as content_mac
    Column("at", String(32), nullable=False),  # the source's own moment, or ""
    Column("noted", String(32), nullable=False),
    Column("delivery", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("taken_back", String(32), nullable=False),
)
tellings_by_record: Final = Index("node_tellings_record", tellings.c.id)

residences: Final = Table(
    "node_residences",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("subject", String(22), primary_key=True),
    Column("place", LargeBinary, nullable=False),  # ciphertext of municipality and first day
)
residences_by_subject: Final = Index("node_residences_subject", residences.c.subject)

# What others delivered and is not (or not yet) accepted; the content is still sealed to this node.
inbox: Final = Table(
    "node_inbox",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("record_class", String(32), nullable=False),
    Column("suite", String(80), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),  # received waiting mismatch misfit
    Column("received_at", _NUMBER, nullable=False),
)
inbox_by_state: Final = Index("node_inbox_state", inbox.c.state)

# Whose new facts make a waiting or refused delivery worth another look (keyed hash of the BSN).
inbox_waits: Final = Table(
    "node_inbox_waits",
    metadata,
    Column("lookup", String(64), primary_key=True),
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
)

# What a human should look at; the texts hold places and reasons, never content.
desk: Final = Table(
    "node_desk",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("code", String(32), primary_key=True),
    Column("detail", Text, nullable=False),
    Column("at", _NUMBER, nullable=False),
)

outbox: Final = Table(
    "node_outbox",
    metadata,
    Column("id", String(43), primary_key=True),
    Column("recipient", String(63), primary_key=True),
    Column("state", String(16), nullable=False),  # queued delivered mismatch erased
    Column("attempts", Integer, nullable=False),
    Column("due_at", _NUMBER, nullable=False),
)
outbox_due: Final = Index("node_outbox_due", outbox.c.state, outbox.c.due_at)

# Own records whose municipality of residence is not known yet.
unaddressed: Final = Table("node_unaddressed", metadata, Column("id", String(43), primary_key=True))

# The ledger's entries as this node followed them: what a late delivery is checked against.
entries: Final = Table(
    "node_entries",
    metadata,
    Column("n", _NUMBER, primary_key=True, autoincrement=False),
    Column("author", String(63), nullable=False),
    Column("id", String(43), nullable=False),
    Column("record_class", String(32), nullable=False),
    Column("commitment", String(44)),
    Column("leaf", LargeBinary, nullable=False),  # leaf hash: own receipts are verified by it
    Column("void", String(32)),
)
entries_by_identity: Final = Index("node_entries_identity", entries.c.id, entries.c.author)

subjects: Final = Table(
    "node_subjects",
    metadata,
    Column("subject", String(22), primary_key=True),
    Column("lookup", String(64), nullable=False, unique=True),  # keyed hash of the BSN
    Column("identity", LargeBinary, nullable=False),  # ciphertext of BSN, birth date, surname
)

# The key of one subject and retention term, wrapped by the node's wrap secret.
subject_keys: Final = Table(
    "node_subject_keys",
    metadata,
    Column("subject", String(22), primary_key=True),
    Column("term", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

# The data key of one record, wrapped by the key of each main subject and the record's term.
content_keys: Final = Table(
    "node_content_keys",
    metadata,
    Column("author", String(63), primary_key=True),
    Column("id", String(43), primary_key=True),
    Column("subject", String(22), primary_key=True),
    Column("term", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)
content_keys_by_subject: Final = Index("node_content_keys_subject", content_keys.c.subject)

# Subjects whose facts changed since the flow last looked; version rises with every change.
changed: Final = Table(
    "node_changed",
    metadata,
    Column("subject", String(22), primary_key=True),
    Column("version", _NUMBER, nullable=False),
)

# Single values: cursor, counter of changes, the last tick.
meta: Final = Table(
    "node_meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# One holder at a time: who ticks.
leases: Final = Table(
    "node_leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", _NUMBER, nullable=False),
    Column("fence", _NUMBER, nullable=False, default=0),  # rises with every new holder
)

# The steps of the monthly clockwork (node/clockwork): what is due is a query over these rows.
clockwork: Final = Table(
    "node_clockwork",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("step", String(16), primary_key=True),
    Column("place", Integer, nullable=False),  # order of the steps within a month
    Column("state", String(8), nullable=False),  # waiting done
    Column("due_at", _NUMBER, nullable=False),
    Column("cursor", String(22), nullable=False),  # subjects up to this one are done
    Column("fence", _NUMBER, nullable=False),  # of the ticker that moved it last
    Column("done_at", _NUMBER),
)
clockwork_due: Final = Index("node_clockwork_due", clockwork.c.state, clockwork.c.due_at)

# Payments this member executes itself; the content is hidden under its subject's key.
orders: Final = Table(
    "node_orders",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("slot", String(64), nullable=False),  # digest of subject, party, flow, period, kind
    Column("version", Integer, nullable=False),
    Column("charge", String(64), nullable=False),  # digest of party, reference, period: one channel
    Column("subject", String(22), nullable=False),
    Column("state", String(12), nullable=False),  # see clockwork/orders_sql.py
    Column("due_at", _NUMBER, nullable=False),
    Column("batch", String(32)),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("slot", "version"),
)
orders_due: Final = Index("node_orders_due", orders.c.state, orders.c.due_at)
orders_by_subject: Final = Index("node_orders_subject", orders.c.subject)
_LIVE: Final = text("state NOT IN ('replaced', 'withdrawn')")
orders_one_live: Final = Index(
    "node_orders_one_live",
    orders.c.slot,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
orders_one_channel: Final = Index(
    "node_orders_one_channel",
    orders.c.charge,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)

# What a household and its social worker should see; no score (H1).
signals: Final = Table(
    "node_signals",
    metadata,
    Column("household", String(22), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(8), nullable=False),  # open gone
    Column("first_on", String(10), nullable=False),
    Column("gone_on", String(10)),
    Column("content", LargeBinary, nullable=False),
)

# Sessions and sign-ins that count no more, kept until they would have ended by age.
ended_visits: Final = Table(
    "node_ended_visits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", _NUMBER, nullable=False),
)
ended_visits_by_end: Final = Index("node_ended_visits_until", ended_visits.c.until)

# Months of the household pages as worked out last: ciphertext under the applicant's own key.
views: Final = Table(
    "node_views",
    metadata,
    Column("household", String(22), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("made_on", String(10), nullable=False),  # the day for which it was worked out
    Column("content", LargeBinary, nullable=False),
)
views_by_day: Final = Index("node_views_made_on", views.c.made_on)

# The Logboek Dataverwerkingen (looked/logbook_sql.py): one row per span of a trace.
processings: Final = Table(
    "node_processings",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("trace", LargeBinary, nullable=False),  # 16 bytes
    Column("span", LargeBinary, nullable=False),  # 8 bytes
    Column("parent", LargeBinary),  # 8 bytes
    Column("activity", String(48), nullable=False),  # of specs/processing.yaml
    Column("started", _NUMBER, nullable=False),  # milliseconds since 1970
    Column("ended", _NUMBER, nullable=False),
    Column("status", Integer, nullable=False),  # LDV: 0 unset, 1 ok, 2 error
    Column("foreign_member", String(63)),
    Column("foreign_span", LargeBinary),
)
processings_by_start: Final = Index("node_processings_started", processings.c.started)

# One line per data subject of a span: kept by person, so that a page reads one place.
processed: Final = Table(
    "node_processed",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("processing", _NUMBER, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# What single adults agreed to until all adults of their household did: ciphertext of each person.
agreements: Final = Table(
    "node_agreements",
    metadata,
    Column("household", String(22), primary_key=True),
    Column("person", String(22), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# Calendar feeds (stores/feeds_sql.py): by the digest of a token that is nowhere else.
feeds: Final = Table(
    "node_feeds",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256, hex
    Column("household", String(22), nullable=False),
    Column("person", String(22), nullable=False),
    Column("mandate", String(43)),
    Column("amounts", Integer, nullable=False),  # 1: amounts may stand in it
    Column("language", String(2), nullable=False),
    Column("made_on", String(10), nullable=False),
    Column("told", String(64), nullable=False),  # digest of what it told last
    Column("sequence", Integer, nullable=False),
    Column("modified", _NUMBER, nullable=False),
    UniqueConstraint("household", "person"),
)
