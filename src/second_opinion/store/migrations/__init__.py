"""The steps that build the schema, oldest first in ``versions/``."""
