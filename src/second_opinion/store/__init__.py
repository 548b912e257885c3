"""The keeping: the only SQL; cases, resources with versions and search, audit."""
