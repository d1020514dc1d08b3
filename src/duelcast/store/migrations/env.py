"""Alembic runs this module. It applies the steps on the connection that `duelcast.store.migrate` passes."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
