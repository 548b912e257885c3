"""Who is who: members, coverage, providers, networks, and what a request's words mean against them."""
