"""The schema of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table, and the counters that numbers are taken from."""
    _cases()
    _resources()
    _subscriptions()
    _the_rest()
    counters = sa.table("counter", sa.column("name"), sa.column("value"))
    names = ("case", "resource", "snapshot", "undelivered", "reports", "report-seconds")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])
    head = sa.table("audit_head", *map(sa.column, ("records", "digest", "retired", "retired_digest")))
    op.bulk_insert(head, [{"records": 0, "digest": "", "retired": 0, "retired_digest": ""}])


def _cases() -> None:
    """Cases, what was submitted, and what each determination rests on."""
    op.create_table(
        "case_file",
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("task", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("member", WORD, nullable=False),
        sa.Column("condition", WORD, nullable=True),
        sa.Column("doctor", WORD, nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("act_at", sa.BigInteger(), nullable=True),
        sa.Column("attested_by", WORD, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("task", name="case_file_task"),
        sa.CheckConstraint(
            "status NOT IN ('modified', 'denied', 'not-eligible') OR attested_by IS NOT NULL",
            name="case_file_attested",
        ),
    )
    op.create_index("case_file_of_member", "case_file", ["member", "condition"])
    op.create_index(
        "case_file_to_act",
        "case_file",
        ["act_at"],
        sqlite_where=sa.text("act_at IS NOT NULL"),
        postgresql_where=sa.text("act_at IS NOT NULL"),
    )
    op.create_table(
        "case_party",
        sa.Column("key", WORD, nullable=False),
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "case_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("case_party_of_case", "case_party", ["case_number"])
    op.create_table(
        "case_event",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_index("case_event_of_case", "case_event", ["case_number"])
    op.create_table(
        "submission",
        sa.Column("partner", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "key"),
    )
    op.create_table(
        "open_question",
        sa.Column("partner", WORD, nullable=False),
        sa.Column("question", WORD, nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "question"),
    )
    op.create_index("open_question_of_case", "open_question", ["case_number"])
    op.create_table(
        "evidence",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _resources() -> None:
    """Resources with their versions and what they are found by."""
    op.create_table(
        "resource",
        sa.Column("pk", KEY, autoincrement=False, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_updated", sa.BigInteger(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.Column("member", WORD, nullable=True),
        sa.Column("partner", WORD, nullable=True),
        sa.Column("audience", WORD, nullable=False),
        sa.Column("sealed", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("type", "id", "since", name="resource_identity"),
    )
    op.create_index(
        "resource_of_case",
        "resource",
        ["case_number"],
        sqlite_where=sa.text("case_number IS NOT NULL"),
        postgresql_where=sa.text("case_number IS NOT NULL"),
    )
    op.create_index(
        "resource_of_partner",
        "resource",
        ["partner", "type"],
        sqlite_where=sa.text("partner IS NOT NULL AND case_number IS NULL"),
        postgresql_where=sa.text("partner IS NOT NULL AND case_number IS NULL"),
    )
    op.create_index("resource_updated", "resource", ["type", "last_updated"])
    op.create_table(
        "resource_history",
        sa.Column("resource", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_updated", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "version"),
    )
    op.create_table(
        "search_term",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.Column("resource", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "value", "resource"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_span",
        sa.Column("resource", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("resource", "param", "first", "last"),
        sqlite_with_rowid=False,
    )


def _subscriptions() -> None:
    """Who is to be told of which changes."""
    op.create_table(
        "subscription",
        sa.Column("id", WORD, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_of_owner", "subscription", ["owner"])
    op.create_table(
        "resource_change",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answered", WORD, nullable=True),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_table(
        "subscription_event",
        sa.Column("subscription", WORD, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subscription", "number"),
    )


def _the_rest() -> None:
    """What is to be done, who did what, who is registered, which directory is in force."""
    op.create_table(
        "work",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.Column("partner", sa.Text(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("key", name="work_key"),
    )
    waiting = sa.text("handed_at IS NULL")
    op.create_index("work_waiting", "work", ["pk"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "audit",
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("patient", WORD, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "audit_head",
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=False),
        sa.Column("retired_digest", sa.Text(), nullable=False),
    )
    op.create_table(
        "audit_journal",
        sa.Column("name", WORD, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "attempt",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_table(
        "registry",
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "used_assertion",
        sa.Column("partner", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "digest"),
    )
    op.create_index("used_assertion_until", "used_assertion", ["until"])
    op.create_table(
        "snapshot",
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("counts", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "counter",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
