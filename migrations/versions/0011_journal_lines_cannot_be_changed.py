"""The journal's lines cannot be changed: they may lose their free words, and go after a year."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

# What people typed, and what names them. A line may lose all of these at once, and nothing else.
WORDS = ("title", "reason", "question", "answer", "name", "email", "note", "text")

KEPT = ("id", "at", "actor_id", "act", "subject_kind", "subject_id")
SQLITE_WITHOUT_WORDS = "json_remove(OLD.{column}, {paths})"
SQLITE_UPDATE = """
CREATE TRIGGER journal_keeps_its_facts BEFORE UPDATE ON journal
WHEN NOT ({same} AND NEW."before" IS {before} AND NEW."after" IS {after})
BEGIN SELECT RAISE(ABORT, 'journal_is_append_only'); END
"""
SQLITE_DELETE = """
CREATE TRIGGER journal_keeps_its_lines BEFORE DELETE ON journal
WHEN OLD.at > CAST(strftime('%s', 'now', '-1 year') AS INTEGER)
BEGIN SELECT RAISE(ABORT, 'journal_is_append_only'); END
"""
POSTGRESQL = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at <= now() - interval '1 year' THEN RETURN OLD; END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF ({same})
      AND NEW."before"::jsonb IS NOT DISTINCT FROM OLD."before"::jsonb - ARRAY[{words}]
      AND NEW."after"::jsonb IS NOT DISTINCT FROM OLD."after"::jsonb - ARRAY[{words}]
    THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'journal_is_append_only' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER {name} BEFORE {moment} ON journal
FOR EACH {each} EXECUTE FUNCTION journal_is_append_only()
"""
POSTGRESQL_TRIGGERS = (
    ("journal_keeps_its_lines", "UPDATE OR DELETE", "ROW"),
    ("journal_is_not_emptied", "TRUNCATE", "STATEMENT"),
)


def upgrade() -> None:
    op.create_index("journal_actor_index", "journal", ["actor_id", "at"])
    op.create_index("journal_act_index", "journal", ["act", "at"])
    if op.get_bind().dialect.name == "postgresql":
        same = " AND ".join(f"NEW.{one} IS NOT DISTINCT FROM OLD.{one}" for one in KEPT)
        words = ", ".join(f"'{word}'" for word in WORDS)
        op.execute(POSTGRESQL.format(same=same, words=words))
        for name, moment, each in POSTGRESQL_TRIGGERS:
            op.execute(POSTGRESQL_TRIGGER.format(name=name, moment=moment, each=each))
        return
    same = " AND ".join(f"NEW.{one} IS OLD.{one}" for one in KEPT)
    paths = ", ".join(f"'$.{word}'" for word in WORDS)
    before, after = (
        SQLITE_WITHOUT_WORDS.format(column=column, paths=paths)
        for column in ('"before"', '"after"')
    )
    op.execute(SQLITE_UPDATE.format(same=same, before=before, after=after))
    op.execute(SQLITE_DELETE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_is_not_emptied ON journal")
        op.execute("DROP TRIGGER journal_keeps_its_lines ON journal")
        op.execute("DROP FUNCTION journal_is_append_only()")
    else:
        op.execute("DROP TRIGGER journal_keeps_its_lines")
        op.execute("DROP TRIGGER journal_keeps_its_facts")
    op.drop_index("journal_act_index", "journal")
    op.drop_index("journal_actor_index", "journal")
