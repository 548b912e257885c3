"""Who may: partners, tokens, scopes and the visibility filter."""
