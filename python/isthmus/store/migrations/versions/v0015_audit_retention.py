"""The audit trail loses what is older than thirty days, and only that, when somebody takes it away."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TEXT = "the audit trail can only grow"
_DAYS = 30
# The database's own clock: nobody who sets a setting or a clock elsewhere gets around it.
_SQLITE_EDGE = f"(CAST(strftime('%s', 'now') AS INTEGER) - {_DAYS} * 86400) * 1000"
_POSTGRESQL_EDGE = f"(extract(epoch FROM clock_timestamp()) - {_DAYS} * 86400) * 1000"
_TABLES = ("audit_events", "audit_subjects")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
        return
    for table in _TABLES:
        op.execute(f"DROP TRIGGER {table}_refuses_delete")
        op.execute(
            f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} WHEN {_happened(table)} >= {_SQLITE_EDGE} "
            f"BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END"
        )


def _on_postgresql() -> None:
    for table in _TABLES:
        body = (
            f"BEGIN IF {_happened(table)} >= {_POSTGRESQL_EDGE} THEN "
            f"RAISE EXCEPTION '{_TEXT}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END"
        )
        op.execute(f"CREATE FUNCTION refuse_{table}_delete() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(f"DROP TRIGGER {table}_only_grows ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_{table}_delete()"
        )


def _happened(table: str) -> str:
    if table == "audit_events":
        return "OLD.happened_at"
    return "(SELECT happened_at FROM audit_events WHERE audit_events.event_id = OLD.event_id)"
