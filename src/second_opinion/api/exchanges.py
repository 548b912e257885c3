"""Every exchange at the token endpoint on record: who got a token, who claimed to be whom and got none."""

from datetime import UTC, datetime

from second_opinion.access.granting import Granted, TokenRefused
from second_opinion.api import negotiation
from second_opinion.errors import SecondOpinionError
from second_opinion.store.changes import TOKEN, AuditRow

GRANTED, _REFUSED = "second_opinion.granted", "second_opinion.refused"
NOBODY = "anonymous"


def granted(environ: negotiation.Environ, token: Granted) -> None:
    """The exchange ends with a token."""
    environ[GRANTED] = token


def refused(environ: negotiation.Environ, error: SecondOpinionError, word: str) -> None:
    """The exchange ends without one, and with this word of OAuth's."""
    environ[_REFUSED] = (word, error.claimed if isinstance(error, TokenRefused) else None)


def row(environ: negotiation.Environ, status: int) -> AuditRow:
    """The record; nothing of the assertion and nothing of the token but its id."""
    detail: dict[str, object] = {"status": status, "address": environ.get("REMOTE_ADDR")}
    token: Granted | None = environ.get(GRANTED)
    if token is not None:
        detail |= {"jti": token.token_id, "scope": token.scope}
    else:
        word, claimed = environ.get(_REFUSED, ("invalid_request", None))
        detail |= {"error": word} | ({"claimed": claimed} if claimed else {})
    who = token.partner if token else NOBODY
    outcome = "0" if token else "8" if status < 500 else "12"  # noqa: PLR2004 - HTTP's own border
    return AuditRow(datetime.now(UTC), who, TOKEN, None, None, outcome, negotiation.request_id_of(environ), detail)
