"""What a refused caller is told to bring: the WWW-Authenticate header of RFC 6750."""

REALM = "fhir"
HEADER = "http.authorization"  # where it went wrong, as an OperationOutcome names a request header


def challenge(error: str | None = None, scope: str | None = None) -> dict[str, str]:
    """The header; without ``error`` where no token came at all (RFC 6750, section 3.1)."""
    parts = {"realm": REALM, "error": error, "scope": scope}
    return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)}
