"""What Alembic runs around the revisions: they use the connection and the transaction of `migrate`."""

from alembic import context

from isthmus.store.schema import metadata

# SQLite cannot alter most things in place; Alembic then copies the table.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
