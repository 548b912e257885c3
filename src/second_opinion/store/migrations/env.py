"""Alembic's way in: the connection and its transaction are the store's."""

from alembic import context

from second_opinion.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
