"""The first schema: all tables, and the full-text index of each database."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The index names its rows by search_document.id, so that table must never be rebuilt; its triggers keep the two alike.
_FULL_TEXT_SQLITE = (
    "CREATE VIRTUAL TABLE search_document_fts USING fts5(title, body, content='search_document', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER search_document_added AFTER INSERT ON search_document BEGIN "
    "INSERT INTO search_document_fts(rowid, title, body) VALUES (new.id, new.title, new.body); END",
    "CREATE TRIGGER search_document_removed AFTER DELETE ON search_document BEGIN "
    "INSERT INTO search_document_fts(search_document_fts, rowid, title, body) VALUES ('delete', old.id, old.title, old.body); END",
    "CREATE TRIGGER search_document_changed AFTER UPDATE OF title, body ON search_document BEGIN "
    "INSERT INTO search_document_fts(search_document_fts, rowid, title, body) VALUES ('delete', old.id, old.title, old.body); "
    "INSERT INTO search_document_fts(rowid, title, body) VALUES (new.id, new.title, new.body); END",
)
# Words are what stands between other characters, as in SQLite's index: PostgreSQL by itself takes INC-42 for a word and the number -42,
# and addresses, versions and paths for words of their own.
_FULL_TEXT_POSTGRESQL = (
    "ALTER TABLE search_document ADD COLUMN words tsvector GENERATED ALWAYS AS "
    r"(to_tsvector('simple', regexp_replace(title || ' ' || body, '\W+', ' ', 'g'))) STORED",
    "CREATE INDEX ix_search_document_words ON search_document USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("timezone", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reopen_window_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenant_slug")),
    )
    op.create_table(
        "actor",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "person",
                "service_account",
                "integration",
                "system",
                name="actor_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(length=120), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_actor_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor")),
    )
    with op.batch_alter_table("actor", schema=None) as batch_op:
        batch_op.create_index("ix_actor_tenant_kind", ["tenant_id", "kind"], unique=False)

    op.create_table(
        "job",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("dedup_key", sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending", "running", "done", "cancelled", "dead", name="job_status", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("due_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("again_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("locked_by", sqlmodel.AutoString(length=80), nullable=True),
        sa.Column("locked_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.AutoString(length=1000), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("finished_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_job_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('pending', 'running')"),
            postgresql_where=sa.text("status IN ('pending', 'running')"),
        )
        batch_op.create_index("ix_job_finished", ["tenant_id", "finished_at"], unique=False)
        batch_op.create_index(
            "ix_job_dead",
            ["finished_at"],
            unique=False,
            sqlite_where=sa.text("status = 'dead'"),
            postgresql_where=sa.text("status = 'dead'"),
        )
        batch_op.create_index(
            "uq_job_dedup",
            ["tenant_id", "dedup_key"],
            unique=True,
            sqlite_where=sa.text("status IN ('pending', 'running')"),
            postgresql_where=sa.text("status IN ('pending', 'running')"),
        )

    op.create_table(
        "service",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("description", sqlmodel.AutoString(), nullable=False),
        sa.Column("runbook_url", sqlmodel.AutoString(length=500), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_service_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.create_index("uq_service_name", ["tenant_id", "name"], unique=True)

    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("email", sqlmodel.AutoString(length=254), nullable=False),
        sa.Column("address", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_sign_in_attempt_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempt_address", ["address", "at"], unique=False)
        batch_op.create_index("ix_sign_in_attempt_email", ["email", "at"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column(
            "role",
            sa.Enum("viewer", "responder", "manager", "admin", name="api_key_role", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("prefix", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("token_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name=op.f("fk_api_key_actor_id")),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_api_key_created_by")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_key_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index("ix_api_key_tenant", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("action", sqlmodel.AutoString(length=60), nullable=False),
        sa.Column("subject_kind", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=True),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=True),
        sa.Column("address", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_audit_entry_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_at", ["tenant_id", "at", "id"], unique=False)

    op.create_table(
        "integration",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("key_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("key_prefix", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("previous_key_hash", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("previous_key_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_alert_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("alert_count", sa.Integer(), nullable=False),
        sa.Column("last_refused_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("last_refusal", sqlmodel.AutoString(length=500), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_integration_created_by")),
        sa.ForeignKeyConstraint(["id"], ["actor.id"], name=op.f("fk_integration_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_integration_service_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_integration_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_integration_key_hash")),
        sa.UniqueConstraint("previous_key_hash", name=op.f("uq_integration_previous_key_hash")),
    )
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.create_index("ix_integration_tenant", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "service_account",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer", "responder", "manager", "admin", name="service_account_role", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_service_account_created_by")),
        sa.ForeignKeyConstraint(["id"], ["actor.id"], name=op.f("fk_service_account_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_service_account_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_account")),
    )
    op.create_table(
        "user",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sqlmodel.AutoString(length=254), nullable=False),
        sa.Column("handle", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column(
            "role",
            sa.Enum("viewer", "responder", "manager", "admin", name="user_role", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column("timezone", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column(
            "theme",
            sa.Enum("system", "light", "dark", name="user_theme", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("shortcuts", sa.Boolean(), nullable=False),
        sa.Column("timeline_newest_first", sa.Boolean(), nullable=False),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["actor.id"], name=op.f("fk_user_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["user.id"], name=op.f("fk_user_manager_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_user_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index("uq_user_handle", ["tenant_id", "handle"], unique=True)

    op.create_table(
        "incident",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("description", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum("critical", "high", "medium", "low", name="incident_severity", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "acknowledged",
                "investigating",
                "resolved",
                name="incident_state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("started_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("acknowledged_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("first_acknowledged_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("investigating_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("investigating_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("first_resolved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("resolution_notes", sqlmodel.AutoString(), nullable=True),
        sa.Column("tta_seconds", sa.Integer(), nullable=True),
        sa.Column("ttr_seconds", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("reopened_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("why", sqlmodel.AutoString(), nullable=False),
        sa.Column("group_key", sqlmodel.AutoString(), nullable=True),
        sa.Column("group_hash", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("accepts_alerts", sa.Boolean(), nullable=False),
        sa.Column("accepts_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("alert_count", sa.Integer(), nullable=False),
        sa.Column("firing_count", sa.Integer(), nullable=False),
        sa.Column("truncated_count", sa.Integer(), nullable=False),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["actor.id"], name=op.f("fk_incident_acknowledged_by")),
        sa.ForeignKeyConstraint(["assigned_to"], ["user.id"], name=op.f("fk_incident_assigned_to")),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_incident_created_by")),
        sa.ForeignKeyConstraint(["investigating_by"], ["actor.id"], name=op.f("fk_incident_investigating_by")),
        sa.ForeignKeyConstraint(["parent_id"], ["incident.id"], name=op.f("fk_incident_parent_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["incident.id"], name=op.f("fk_incident_previous_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["actor.id"], name=op.f("fk_incident_resolved_by")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_incident_service_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_incident_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incident_acknowledged",
            ["tenant_id", "first_acknowledged_at", "tta_seconds"],
            unique=False,
            sqlite_where=sa.text("first_acknowledged_at IS NOT NULL"),
            postgresql_where=sa.text("first_acknowledged_at IS NOT NULL"),
        )
        batch_op.create_index("ix_incident_assignee", ["tenant_id", "assigned_to", "state", "created_at", "id", "severity"], unique=False)
        batch_op.create_index("ix_incident_created", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_incident_resolved_at",
            ["tenant_id", "resolved_at"],
            unique=False,
            sqlite_where=sa.text("resolved_at IS NOT NULL"),
            postgresql_where=sa.text("resolved_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_incident_service", ["tenant_id", "service_id", "state", "created_at", "id", "severity", "assigned_to"], unique=False
        )
        batch_op.create_index("ix_incident_state", ["tenant_id", "state", "severity", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_incident_unresolved",
            ["tenant_id", "assigned_to", "state", "severity"],
            unique=False,
            sqlite_where=sa.text("state <> 'resolved'"),
            postgresql_where=sa.text("state <> 'resolved'"),
        )
        batch_op.create_index(
            "uq_incident_live_group",
            ["tenant_id", "group_hash"],
            unique=True,
            sqlite_where=sa.text("accepts_alerts = 1"),
            postgresql_where=sa.text("accepts_alerts"),
        )
        batch_op.create_index("uq_incident_number", ["tenant_id", "number"], unique=True)

    op.create_table(
        "login_session",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("timezone", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("user_agent", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("address", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_login_session_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index("ix_login_session_expires", ["expires_at"], unique=False)
        batch_op.create_index("ix_login_session_user", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "one_time_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum("setup", "password", name="one_time_link_purpose", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_one_time_link_created_by")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_one_time_link_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_one_time_link_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.create_index("ix_one_time_link_expires", ["expires_at"], unique=False)

    op.create_table(
        "alert",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("firing", "resolved", name="alert_status", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum("critical", "high", "medium", "low", name="alert_severity", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("description", sqlmodel.AutoString(), nullable=False),
        sa.Column("labels", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("links", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("dedup_key", sqlmodel.AutoString(), nullable=False),
        sa.Column("group_key", sqlmodel.AutoString(), nullable=False),
        sa.Column("content_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("first_seen_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("repeat_count", sa.Integer(), nullable=False),
        sa.Column("firing_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_alert_incident_id")),
        sa.ForeignKeyConstraint(["integration_id"], ["integration.id"], name=op.f("fk_alert_integration_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alert_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("ix_alert_incident", ["incident_id"], unique=False)
        batch_op.create_index("ix_alert_integration", ["integration_id", "id"], unique=False)
        batch_op.create_index("uq_alert_fingerprint", ["integration_id", "fingerprint"], unique=True)

    op.create_table(
        "search_document",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=20), nullable=False),
        sa.Column("ref_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("body", sqlmodel.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_search_document_incident_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_search_document_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_document")),
    )
    with op.batch_alter_table("search_document", schema=None) as batch_op:
        batch_op.create_index("ix_search_document_incident", ["incident_id"], unique=False)
        batch_op.create_index("uq_search_document_ref", ["kind", "ref_id"], unique=True)

    op.create_table(
        "timeline_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("occurred_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("recorded_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=64), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name=op.f("fk_timeline_event_actor_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_timeline_event_incident_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_timeline_event_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_event")),
    )
    with op.batch_alter_table("timeline_event", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_event_occurred", ["incident_id", "occurred_at", "seq"], unique=False)
        batch_op.create_index(
            "uq_timeline_event_key",
            ["incident_id", "key"],
            unique=True,
            sqlite_where=sa.text("key IS NOT NULL"),
            postgresql_where=sa.text("key IS NOT NULL"),
        )
        batch_op.create_index("uq_timeline_event_seq", ["incident_id", "seq"], unique=True)

    op.create_table(
        "alert_firing",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "critical", "high", "medium", "low", name="alert_firing_severity", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("fired_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("resolved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_firing_alert_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_alert_firing_incident_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alert_firing_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_firing")),
    )
    with op.batch_alter_table("alert_firing", schema=None) as batch_op:
        batch_op.create_index(
            "uq_alert_firing_current",
            ["alert_id"],
            unique=True,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        )
        batch_op.create_index("ix_alert_firing_incident", ["incident_id", "alert_id", "number"], unique=False)
        batch_op.create_index("uq_alert_firing_number", ["alert_id", "number"], unique=True)

    op.create_table(
        "raw_payload",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("body", sqlmodel.AutoString(), nullable=False),
        sa.Column("envelope", sqlmodel.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_raw_payload_alert_id")),
        sa.ForeignKeyConstraint(["integration_id"], ["integration.id"], name=op.f("fk_raw_payload_integration_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_raw_payload_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_payload")),
    )
    with op.batch_alter_table("raw_payload", schema=None) as batch_op:
        batch_op.create_index("ix_raw_payload_alert", ["alert_id", "received_at"], unique=False)
        batch_op.create_index("ix_raw_payload_received", ["tenant_id", "received_at"], unique=False)

    op.create_table(
        "timeline_revision",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("occurred_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revised_by", sa.Uuid(), nullable=False),
        sa.Column("revised_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["timeline_event.id"], name=op.f("fk_timeline_revision_event_id")),
        sa.ForeignKeyConstraint(["revised_by"], ["actor.id"], name=op.f("fk_timeline_revision_revised_by")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_timeline_revision_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_revision")),
    )
    with op.batch_alter_table("timeline_revision", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_revision_event", ["event_id", "revised_at"], unique=False)

    full_text = _FULL_TEXT_SQLITE if op.get_bind().dialect.name == "sqlite" else _FULL_TEXT_POSTGRESQL
    for statement in full_text:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_document_fts")
    with op.batch_alter_table("timeline_revision", schema=None) as batch_op:
        batch_op.drop_index("ix_timeline_revision_event")

    op.drop_table("timeline_revision")
    with op.batch_alter_table("raw_payload", schema=None) as batch_op:
        batch_op.drop_index("ix_raw_payload_received")
        batch_op.drop_index("ix_raw_payload_alert")

    op.drop_table("raw_payload")
    with op.batch_alter_table("alert_firing", schema=None) as batch_op:
        batch_op.drop_index("uq_alert_firing_number")
        batch_op.drop_index(
            "uq_alert_firing_current", sqlite_where=sa.text("resolved_at IS NULL"), postgresql_where=sa.text("resolved_at IS NULL")
        )

    op.drop_table("alert_firing")
    with op.batch_alter_table("timeline_event", schema=None) as batch_op:
        batch_op.drop_index("uq_timeline_event_seq")
        batch_op.drop_index("uq_timeline_event_key")
        batch_op.drop_index("ix_timeline_event_occurred")

    op.drop_table("timeline_event")
    with op.batch_alter_table("search_document", schema=None) as batch_op:
        batch_op.drop_index("uq_search_document_ref")
        batch_op.drop_index("ix_search_document_incident")

    op.drop_table("search_document")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index("uq_alert_fingerprint")
        batch_op.drop_index("ix_alert_integration")
        batch_op.drop_index("ix_alert_incident")

    op.drop_table("alert")
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.drop_index("ix_one_time_link_expires")

    op.drop_table("one_time_link")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index("ix_login_session_user")
        batch_op.drop_index("ix_login_session_expires")

    op.drop_table("login_session")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index("uq_incident_number")
        batch_op.drop_index(
            "uq_incident_live_group", sqlite_where=sa.text("accepts_alerts = 1"), postgresql_where=sa.text("accepts_alerts")
        )
        batch_op.drop_index(
            "ix_incident_unresolved", sqlite_where=sa.text("state <> 'resolved'"), postgresql_where=sa.text("state <> 'resolved'")
        )
        batch_op.drop_index("ix_incident_state")
        batch_op.drop_index("ix_incident_service")
        batch_op.drop_index(
            "ix_incident_resolved_at", sqlite_where=sa.text("resolved_at IS NOT NULL"), postgresql_where=sa.text("resolved_at IS NOT NULL")
        )
        batch_op.drop_index("ix_incident_created")
        batch_op.drop_index("ix_incident_assignee")
        batch_op.drop_index(
            "ix_incident_acknowledged",
            sqlite_where=sa.text("first_acknowledged_at IS NOT NULL"),
            postgresql_where=sa.text("first_acknowledged_at IS NOT NULL"),
        )

    op.drop_table("incident")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index("uq_user_handle")

    op.drop_table("user")
    op.drop_table("service_account")
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.drop_index("ix_integration_tenant")

    op.drop_table("integration")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_at")

    op.drop_table("audit_entry")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index("ix_api_key_tenant")

    op.drop_table("api_key")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempt_email")
        batch_op.drop_index("ix_sign_in_attempt_address")

    op.drop_table("sign_in_attempt")
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.drop_index("uq_service_name")

    op.drop_table("service")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_job_dedup",
            sqlite_where=sa.text("status IN ('pending', 'running')"),
            postgresql_where=sa.text("status IN ('pending', 'running')"),
        )
        batch_op.drop_index("ix_job_dead", sqlite_where=sa.text("status = 'dead'"), postgresql_where=sa.text("status = 'dead'"))
        batch_op.drop_index("ix_job_finished")
        batch_op.drop_index(
            "ix_job_due",
            sqlite_where=sa.text("status IN ('pending', 'running')"),
            postgresql_where=sa.text("status IN ('pending', 'running')"),
        )

    op.drop_table("job")
    with op.batch_alter_table("actor", schema=None) as batch_op:
        batch_op.drop_index("ix_actor_tenant_kind")

    op.drop_table("actor")
    op.drop_table("tenant")
