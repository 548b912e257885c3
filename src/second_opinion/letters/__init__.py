"""Notices: what a letter must say, in the plan's wording, as an accessible PDF and as HTML."""
