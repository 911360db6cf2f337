# ruff: noqa: E501  # the CHECKs stand as the database shows them
"""The first tables, with the constraint (PostgreSQL) or the triggers (SQLite) against overlaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ExcludeConstraint

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")

TAKEN = """
    SELECT ends_at FROM occupancy
    WHERE resource_id = NEW.resource_id AND unit = NEW.unit AND starts_at < NEW.ends_at{but_itself}
    ORDER BY starts_at DESC LIMIT 1
"""
TRIGGER = """
CREATE TRIGGER {name} BEFORE {moment} ON occupancy
WHEN coalesce(({taken}) > NEW.starts_at, 0)
BEGIN SELECT RAISE(ABORT, 'occupancy_no_overlap'); END
"""
BUT_ITSELF = (
    " AND NOT (resource_id = OLD.resource_id AND unit = OLD.unit AND starts_at = OLD.starts_at)"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "requested",
                "confirmed",
                "changed",
                "amendment_requested",
                "amendment_declined",
                "declined",
                "cancelled",
                "expired",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
    )
    op.create_index(
        "event_waiting_index",
        "event",
        ["id"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )

    op.create_table(
        "feature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("icon", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("feature_pkey")),
        sa.UniqueConstraint("code", name=op.f("feature_code_unique")),
    )
    op.create_table(
        "group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("group_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("group_public_id_unique")),
    )
    op.create_table(
        "hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("hours_pkey")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("idempotency_key_pkey")),
    )
    op.create_index(
        "idempotency_key_created_at_index", "idempotency_key", ["created_at"], unique=False
    )

    op.create_table(
        "kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("icon", sa.String(length=40), nullable=False),
        sa.Column(
            "behaves",
            sa.Enum(
                "seat",
                "room",
                "machine",
                name="behaves",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("kind_pkey")),
        sa.UniqueConstraint("code", name=op.f("kind_code_unique")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("organisation_pkey")),
        sa.UniqueConstraint("name", name=op.f("organisation_name_unique")),
        sa.UniqueConstraint("public_id", name=op.f("organisation_public_id_unique")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "deactivated",
                "anonymised",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("person_email_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("person_pkey")),
        sa.UniqueConstraint("email", name=op.f("person_email_unique")),
        sa.UniqueConstraint("public_id", name=op.f("person_public_id_unique")),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("granularity", sa.Integer(), nullable=False),
        sa.Column("shortest", sa.Integer(), nullable=False),
        sa.Column("longest", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column(
            "who_may_book",
            sa.Enum(
                "anyone",
                "members",
                name="who_may_book",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("holds_while_pending", sa.Boolean(), nullable=False),
        sa.Column("decide_within", sa.Integer(), nullable=False),
        sa.Column("own_request_may_be_decided", sa.Boolean(), nullable=False),
        sa.Column(
            "others_see",
            sa.Enum(
                "busy",
                "organisation",
                "person",
                name="others_see",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "granularity > 0 AND granularity % 5 = 0", name=op.f("policy_granularity_check")
        ),
        sa.CheckConstraint(
            "notice >= 0 AND horizon >= 0 AND decide_within > 0", name=op.f("policy_ahead_check")
        ),
        sa.CheckConstraint(
            "shortest > 0 AND shortest <= longest", name=op.f("policy_length_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("policy_pkey")),
    )
    op.create_table(
        "revision",
        sa.Column(
            "scope",
            sa.Enum(
                "floor",
                "resource",
                "person",
                "organisation",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("scope_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", name=op.f("revision_pkey")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("series_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("series_public_id_unique")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=10), nullable=True),
        sa.Column("weekend", sa.String(length=13), nullable=False),
        sa.Column("first_weekday", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("uid_domain", sa.String(length=120), nullable=False),
        sa.Column("legal_notice", sa.JSON(), nullable=False),
        sa.CheckConstraint("first_weekday BETWEEN 0 AND 6", name=op.f("site_first_weekday_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("site_pkey")),
    )
    op.create_table(
        "tick",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ran_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tick_pkey")),
    )
    op.create_table(
        "building",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("way_in", sa.JSON(), nullable=False),
        sa.Column("step_free_note", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("building_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("building_pkey")),
        sa.UniqueConstraint("code", name=op.f("building_code_unique")),
    )
    op.create_index("building_site_id_index", "building", ["site_id"], unique=False)

    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["person.id"], name=op.f("closure_made_by_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("closure_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("closure_public_id_unique")),
    )
    op.create_table(
        "hours_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(opens IS NULL AND closes IS NULL) OR (opens >= 0 AND opens < closes AND closes <= 1440)",
            name=op.f("hours_exception_span_check"),
        ),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["hours.id"], name=op.f("hours_exception_hours_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hours_exception_pkey")),
        sa.UniqueConstraint(
            "hours_id", "day", "opens", name=op.f("hours_exception_hours_id_day_opens_unique")
        ),
    )
    op.create_table(
        "hours_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["hours.id"], name=op.f("hours_version_hours_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hours_version_pkey")),
        sa.UniqueConstraint(
            "hours_id", "valid_from", name=op.f("hours_version_hours_id_valid_from_unique")
        ),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=80), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("journal_actor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("journal_pkey")),
    )
    op.create_index("journal_at_index", "journal", ["at"], unique=False)
    op.create_index(
        "journal_subject_index", "journal", ["subject_kind", "subject_id", "id"], unique=False
    )

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "member",
                "manager",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("membership_organisation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("membership_person_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("membership_pkey")),
        sa.UniqueConstraint(
            "person_id",
            "organisation_id",
            "valid_from",
            name=op.f("membership_person_id_organisation_id_valid_from_unique"),
        ),
    )
    op.create_index(
        "membership_organisation_id_index", "membership", ["organisation_id"], unique=False
    )
    op.create_index("membership_person_id_index", "membership", ["person_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "requested",
                "confirmed",
                "changed",
                "declined",
                "cancelled",
                "expired",
                "reminder",
                "approval_waiting",
                "approval_late",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "sending",
                "sent",
                "kept",
                "withdrawn",
                "refused",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=False),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("message_id", sa.String(length=120), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["person.id"], name=op.f("message_recipient_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("message_pkey")),
        sa.UniqueConstraint(
            "kind",
            "subject",
            "version",
            "recipient_id",
            "due_at",
            name=op.f("message_kind_subject_version_recipient_id_due_at_unique"),
        ),
    )
    op.create_index(
        "message_due_index",
        "message",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('planned', 'sending')"),
        postgresql_where=sa.text("state IN ('planned', 'sending')"),
    )
    op.create_index("message_subject_index", "message", ["subject"], unique=False)

    op.create_table(
        "reservation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=6), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("series_start", sa.String(16), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("booked_by_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "confirmed",
                "declined",
                "cancelled",
                "expired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("holds_place", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("local_start", sa.String(16), nullable=False),
        sa.Column("local_end", sa.String(16), nullable=False),
        sa.Column("tzdata", sa.String(length=12), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decide_by", INSTANT, nullable=True),
        sa.Column("closing_reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("headcount >= 1", name=op.f("reservation_headcount_check")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("reservation_interval_check")),
        sa.ForeignKeyConstraint(
            ["booked_by_id"], ["person.id"], name=op.f("reservation_booked_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("reservation_group_id_fkey")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("reservation_organisation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("reservation_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("reservation_series_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reservation_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("reservation_public_id_unique")),
        sa.UniqueConstraint("reference", name=op.f("reservation_reference_unique")),
        sa.UniqueConstraint(
            "series_id", "series_start", name=op.f("reservation_series_id_series_start_unique")
        ),
    )
    op.create_index(
        "reservation_booker_index", "reservation", ["booked_by_id", "starts_at"], unique=False
    )
    op.create_index("reservation_end_index", "reservation", ["ends_at"], unique=False)
    op.create_index("reservation_group_id_index", "reservation", ["group_id"], unique=False)
    op.create_index(
        "reservation_organisation_index",
        "reservation",
        ["organisation_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "reservation_person_index", "reservation", ["person_id", "starts_at"], unique=False
    )
    op.create_index("reservation_state_index", "reservation", ["state", "decide_by"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("session_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("session_pkey")),
        sa.UniqueConstraint("digest", name=op.f("session_digest_unique")),
    )
    op.create_index("session_person_id_index", "session", ["person_id"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "api",
                "feed",
                "password",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scopes", sa.String(length=60), nullable=False),
        sa.Column(
            "feed_scope",
            sa.Enum(
                "mine", name="feed_scope", native_enum=False, create_constraint=True, length=24
            ),
            nullable=True,
        ),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column(
            "detail",
            sa.Enum(
                "full", "busy", name="detail", native_enum=False, create_constraint=True, length=24
            ),
            nullable=True,
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("token_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("token_pkey")),
        sa.UniqueConstraint("digest", name=op.f("token_digest_unique")),
        sa.UniqueConstraint("public_id", name=op.f("token_public_id_unique")),
    )
    op.create_index("token_person_id_index", "token", ["person_id"], unique=False)

    op.create_table(
        "floor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["building_id"], ["building.id"], name=op.f("floor_building_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("floor_pkey")),
        sa.UniqueConstraint("building_id", "level", name=op.f("floor_building_id_level_unique")),
    )
    op.create_index("floor_building_id_index", "floor", ["building_id"], unique=False)

    op.create_table(
        "hours_span",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "opens >= 0 AND opens < closes AND closes <= 1440", name=op.f("hours_span_span_check")
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("hours_span_weekday_check")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["hours_version.id"], name=op.f("hours_span_version_id_fkey")
        ),
        sa.PrimaryKeyConstraint("version_id", "weekday", "opens", name=op.f("hours_span_pkey")),
    )
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("floor_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["floor_id"], ["floor.id"], name=op.f("area_floor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("area_pkey")),
        sa.UniqueConstraint("code", name=op.f("area_code_unique")),
    )
    op.create_index("area_floor_id_index", "area", ["floor_id"], unique=False)

    op.create_table(
        "resource",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "in_order",
                "out_of_order",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("out_of_order_reason", sa.String(length=300), nullable=True),
        sa.Column("expected_back_at", INSTANT, nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.CheckConstraint("capacity >= 1", name=op.f("resource_capacity_check")),
        sa.CheckConstraint("units >= 1", name=op.f("resource_units_check")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("resource_area_id_fkey")),
        sa.ForeignKeyConstraint(["hours_id"], ["hours.id"], name=op.f("resource_hours_id_fkey")),
        sa.ForeignKeyConstraint(["kind_id"], ["kind.id"], name=op.f("resource_kind_id_fkey")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("resource_policy_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("resource_pkey")),
        sa.UniqueConstraint("code", name=op.f("resource_code_unique")),
        sa.UniqueConstraint("public_id", name=op.f("resource_public_id_unique")),
    )
    op.create_index("resource_area_id_index", "resource", ["area_id"], unique=False)
    op.create_index("resource_hours_id_index", "resource", ["hours_id"], unique=False)
    op.create_index("resource_kind_id_index", "resource", ["kind_id"], unique=False)
    op.create_index("resource_policy_id_index", "resource", ["policy_id"], unique=False)

    op.create_table(
        "amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "granted",
                "declined",
                "withdrawn",
                "expired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("local_start", sa.String(16), nullable=False),
        sa.Column("local_end", sa.String(16), nullable=False),
        sa.Column("tzdata", sa.String(length=12), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("holds_place", sa.Boolean(), nullable=False),
        sa.Column("decide_by", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("amendment_interval_check")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("amendment_asked_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("amendment_reservation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("amendment_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("amendment_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("amendment_public_id_unique")),
    )
    op.create_index(
        "amendment_waiting_index",
        "amendment",
        ["reservation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "operator",
                "auditor",
                "lab_manager",
                "reception",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("resource_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(role = 'lab_manager' AND building_id IS NULL AND (resource_id IS NULL) <> (area_id IS NULL)) OR (role = 'reception' AND building_id IS NOT NULL AND resource_id IS NULL AND area_id IS NULL) OR (role IN ('operator', 'auditor') AND building_id IS NULL AND resource_id IS NULL AND area_id IS NULL)",
            name=op.f("grant_place_check"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("grant_area_id_fkey")),
        sa.ForeignKeyConstraint(
            ["building_id"], ["building.id"], name=op.f("grant_building_id_fkey")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("grant_person_id_fkey")),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("grant_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("grant_pkey")),
    )
    op.create_index("grant_area_id_index", "grant", ["area_id"], unique=False)
    op.create_index("grant_person_id_index", "grant", ["person_id"], unique=False)
    op.create_index("grant_resource_id_index", "grant", ["resource_id"], unique=False)

    op.create_table(
        "reservation_resource",
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
            name=op.f("reservation_resource_reservation_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("reservation_resource_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "reservation_id", "resource_id", name=op.f("reservation_resource_pkey")
        ),
    )
    op.create_index(
        "reservation_resource_resource_id_index",
        "reservation_resource",
        ["resource_id"],
        unique=False,
    )

    op.create_table(
        "resource_feature",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["feature.id"], name=op.f("resource_feature_feature_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("resource_feature_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("resource_id", "feature_id", name=op.f("resource_feature_pkey")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "granted",
                "declined",
                "withdrawn",
                "expired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["amendment_id"], ["amendment.id"], name=op.f("approval_amendment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("approval_decided_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("approval_policy_id_fkey")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("approval_reservation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_pkey")),
        sa.UniqueConstraint(
            "reservation_id",
            "version",
            "policy_id",
            name=op.f("approval_reservation_id_version_policy_id_unique"),
        ),
    )
    op.create_index("approval_amendment_index", "approval", ["amendment_id"], unique=False)
    op.create_index(
        "approval_waiting_index",
        "approval",
        ["policy_id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"], ["amendment.id"], name=op.f("hold_amendment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hold_pkey")),
        sa.UniqueConstraint("amendment_id", name=op.f("hold_amendment_id_unique")),
    )
    op.create_index("hold_expires_at_index", "hold", ["expires_at"], unique=False)

    _create_occupancy()


def _create_occupancy() -> None:
    """The claims: on SQLite STRICT and without a row id, so that a search is one descent."""
    op.create_table(
        "occupancy",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=True),
        sa.Column("closure_id", sa.Integer(), nullable=True),
        sa.Column("hold_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(reservation_id IS NOT NULL AND closure_id IS NULL AND hold_id IS NULL)"
            " OR (reservation_id IS NULL AND closure_id IS NOT NULL AND hold_id IS NULL)"
            " OR (reservation_id IS NULL AND closure_id IS NULL AND hold_id IS NOT NULL)",
            name=op.f("occupancy_owner_check"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("occupancy_interval_check")),
        sa.CheckConstraint(
            "kind IN ('booking', 'setup', 'cleanup', 'linked', 'hold', 'closure')",
            name=op.f("occupancy_kind_check"),
        ),
        sa.CheckConstraint("unit >= 1", name=op.f("occupancy_unit_check")),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("occupancy_closure_id_fkey")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("occupancy_hold_id_fkey")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("occupancy_reservation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("occupancy_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "resource_id",
            "unit",
            "starts_at",
            name="occupancy_pkey",
            postgresql_include=["ends_at"],
        ),
        ExcludeConstraint(
            (sa.column("resource_id"), "="),
            (sa.column("unit"), "="),
            (sa.func.tstzrange(sa.text("starts_at"), sa.text("ends_at"), sa.text("'[)'")), "&&"),
            name="occupancy_no_overlap",
            using="gist",
        ).ddl_if(dialect="postgresql"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for owner in ("reservation_id", "closure_id", "hold_id"):
        op.create_index(f"occupancy_{owner}_index", "occupancy", [owner])
    if op.get_bind().dialect.name == "sqlite":
        _create_triggers()


def _create_triggers() -> None:
    for moment, but_itself in (("INSERT", ""), ("UPDATE", BUT_ITSELF)):
        name = f"occupancy_no_overlap_{moment.lower()}"
        taken = TAKEN.format(but_itself=but_itself)
        op.execute(TRIGGER.format(name=name, moment=moment, taken=taken))


def downgrade() -> None:
    for table in (
        "occupancy",
        "hold",
        "approval",
        "resource_feature",
        "reservation_resource",
        "grant",
        "amendment",
        "resource",
        "area",
        "hours_span",
        "floor",
        "token",
        "session",
        "reservation",
        "message",
        "membership",
        "journal",
        "hours_version",
        "hours_exception",
        "closure",
        "building",
        "tick",
        "site",
        "series",
        "revision",
        "policy",
        "person",
        "organisation",
        "kind",
        "idempotency_key",
        "hours",
        "group",
        "feature",
        "event",
    ):
        op.drop_table(table)
