"""The tables, one schema for SQLite and PostgreSQL; ``migrations/`` builds the same.

Instants are microseconds since 1970 UTC. A resource row is visible while ``since`` <= snapshot in force < ``until``:
a case's resources always, the directory's rows from the load that brought them to the load that replaced them.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

ALWAYS = 2**63 - 1  # ``until`` of a row no later load has replaced
NEVER = 0  # ``until`` of a deleted resource
# The last of the gates before a denial: the database itself keeps no adverse case that nobody attested.
ATTESTED_ROW = "status NOT IN ('modified', 'denied', 'not-eligible') OR attested_by IS NOT NULL"

# Row ids are INTEGER PRIMARY KEY on SQLite, or the table would get a second key beside the row id.
_Key = BigInteger().with_variant(Integer(), "sqlite")
# Prefix searches and sorting go by code point on both databases, whatever the server's locale.
_Word = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

resource = Table(
    "resource",
    metadata,
    Column("pk", _Key, primary_key=True, autoincrement=False),
    Column("type", _Word, nullable=False),
    Column("id", _Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_updated", BigInteger, nullable=False),
    Column("case_number", BigInteger),
    Column("member", _Word),
    Column("partner", _Word),
    Column("audience", _Word, nullable=False),  # for whom of those on the case: see changes.ResourceWrite
    Column("sealed", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("found_by", Text, nullable=False),  # what found_by.py packs; before the body, which may be long
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("type", "id", "since", name="resource_identity"),
    Index("resource_updated", "type", "last_updated"),
)
Index(
    "resource_of_case",
    resource.c.case_number,
    sqlite_where=resource.c.case_number.is_not(None),
    postgresql_where=resource.c.case_number.is_not(None),
)
Index(
    "resource_of_partner",
    resource.c.partner,
    resource.c.type,
    sqlite_where=resource.c.partner.is_not(None) & resource.c.case_number.is_(None),
    postgresql_where=resource.c.partner.is_not(None) & resource.c.case_number.is_(None),
)

resource_history = Table(
    "resource_history",
    metadata,
    Column("resource", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("last_updated", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

search_term = Table(
    "search_term",
    metadata,
    Column("param", Integer, primary_key=True, autoincrement=False),
    Column("value", _Word, primary_key=True),
    Column("resource", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

search_span = Table(
    "search_span",
    metadata,
    Column("resource", BigInteger, primary_key=True, autoincrement=False),
    Column("param", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

case_file = Table(
    "case_file",
    metadata,
    Column("number", _Key, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("task", _Word, nullable=False),
    Column("status", _Word, nullable=False),
    Column("member", _Word, nullable=False),
    Column("condition", _Word),
    Column("doctor", _Word),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("act_at", BigInteger),  # the clock sweep looks at the case then
    Column("attested_by", _Word),  # the reviewer whose decision is in force
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("task", name="case_file_task"),
    CheckConstraint(ATTESTED_ROW, name="case_file_attested"),
    Index("case_file_of_member", "member", "condition"),
)
Index(
    "case_file_to_act",
    case_file.c.act_at,
    sqlite_where=case_file.c.act_at.is_not(None),
    postgresql_where=case_file.c.act_at.is_not(None),
)

case_party = Table(
    "case_party",
    metadata,
    Column("key", _Word, primary_key=True),
    Column("case_number", BigInteger, primary_key=True, autoincrement=False),
    Index("case_party_of_case", "case_number"),
    sqlite_with_rowid=False,
)

submission = Table(
    "submission",
    metadata,
    Column("partner", _Word, primary_key=True),
    Column("key", _Word, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("case_number", BigInteger),
    Column("resource", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

open_question = Table(
    "open_question",
    metadata,
    Column("partner", _Word, primary_key=True),
    Column("question", _Word, primary_key=True),
    Column("case_number", BigInteger, nullable=False),
    Index("open_question_of_case", "case_number"),
)

case_event = Table(
    "case_event",
    metadata,
    Column("pk", _Key, primary_key=True, autoincrement=True),
    Column("case_number", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Index("case_event_of_case", "case_number"),
)

audit = Table(  # written by audit_chain.py alone
    "audit",
    metadata,
    Column("number", _Key, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource", Text),
    Column("patient", _Word),
    Column("outcome", Text, nullable=False),
    Column("request", Text),
    Column("detail", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
)

audit_head = Table(  # one row: number and digest of the last record there is, and of the last retired
    "audit_head",
    metadata,
    Column("records", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("retired", BigInteger, nullable=False),
    Column("retired_digest", Text, nullable=False),
)

audit_journal = Table(  # how far the lines of a process's journal are in the audit table
    "audit_journal",
    metadata,
    Column("name", _Word, primary_key=True),
    Column("lines", BigInteger, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("digest", _Word, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

work = Table(
    "work",
    metadata,
    Column("pk", _Key, primary_key=True, autoincrement=True),
    Column("key", _Word, nullable=False),
    Column("kind", Text, nullable=False),
    Column("case_number", BigInteger),
    Column("partner", Text),
    Column("not_before", BigInteger),
    Column("asked_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("handed_at", BigInteger),  # when a worker's queue got this try; null: no worker has it
    Column("body", LargeBinary, nullable=False),  # JSON
    UniqueConstraint("key", name="work_key"),
)
Index("work_waiting", work.c.pk, sqlite_where=work.c.handed_at.is_(None), postgresql_where=work.c.handed_at.is_(None))

subscription = Table(
    "subscription",
    metadata,
    Column("id", _Word, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("owner", _Word, nullable=False),
    Column("status", _Word, nullable=False),
    Column("ends_at", BigInteger),
    Column("body", LargeBinary, nullable=False),  # JSON
    Index("subscription_of_owner", "owner"),
)

# What changed and has not yet been counted for those who subscribed to it.
resource_change = Table(
    "resource_change",
    metadata,
    Column("pk", _Key, primary_key=True, autoincrement=True),
    Column("type", _Word, nullable=False),
    Column("id", _Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("case_number", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("answered", _Word),  # registry id of whoever was shown it in the answer of the same exchange
)

subscription_event = Table(
    "subscription_event",
    metadata,
    Column("subscription", _Word, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("type", _Word, nullable=False),
    Column("id", _Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("case_number", BigInteger),
)

attempt = Table(
    "attempt",
    metadata,
    Column("pk", _Key, primary_key=True, autoincrement=True),
    Column("received_at", BigInteger, nullable=False),
    Column("partner", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

registry = Table(
    "registry",
    metadata,
    Column("id", _Word, primary_key=True),
    Column("kind", _Word, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("active", Integer, nullable=False),
)

used_assertion = Table(
    "used_assertion",
    metadata,
    Column("partner", _Word, primary_key=True),
    Column("digest", _Word, primary_key=True),  # SHA-256 of the assertion's jti
    Column("until", BigInteger, nullable=False),  # real time; afterwards the assertion has run out by itself
    Index("used_assertion_until", "until"),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("number", _Key, primary_key=True, autoincrement=False),
    Column("loaded_at", BigInteger, nullable=False),
    Column("sources", LargeBinary, nullable=False),  # JSON
    Column("digest", Text),
    Column("counts", LargeBinary),  # JSON
    Column("state", Text, nullable=False),  # loading, active, left
)

counter = Table(
    "counter",
    metadata,
    Column("name", _Word, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
