"""The story: one file per use case, readable top to bottom."""
