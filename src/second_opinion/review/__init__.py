"""The decision: facts, criteria, policy cards, engine and the determination that is its own trace."""
