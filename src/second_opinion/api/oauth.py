"""The token endpoint and what SMART clients discover: OAuth's own forms and errors, not FHIR's."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
from flask import Blueprint, Response, request

from second_opinion.access.assertions import ALGORITHMS
from second_opinion.access.granting import GRANT, MOST_BYTES, Granted, Granting, TokenRefused
from second_opinion.api import exchanges, negotiation
from second_opinion.errors import BodyTooLarge, NotFound, SecondOpinionError, Throttled, Unavailable

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
DISCOVERY_PATHS = ("/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration")
JSON = "application/json"

_WORDS: Mapping[type[SecondOpinionError], str] = MappingProxyType(
    {Throttled: "temporarily_unavailable", Unavailable: "temporarily_unavailable"}
)


@dataclass(frozen=True)
class Server:
    """Where clients get their tokens; ``granting`` None where that is not here."""

    token_endpoint: str | None
    granting: Granting | None
    jwks_uri: str | None


def blueprint(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("oauth", __name__)
    document = orjson.dumps(configuration(server))

    @routes.post(TOKEN_PATH)
    def token() -> Response:
        if server.granting is None:
            raise NotFound("Tokens are not given here; ask the issuer named by smart-configuration")
        if request.mimetype != negotiation.FORM or request.args:
            raise TokenRefused(f"The parameters must come in the body, as {negotiation.FORM}")
        if (request.content_length or 0) > MOST_BYTES:
            raise BodyTooLarge("The form is too long")
        granted = server.granting.grant(request.get_data(cache=False))
        exchanges.granted(request.environ, granted)
        return _granted(granted)

    for path in DISCOVERY_PATHS:
        routes.add_url_rule(path, path.replace(".", ""), lambda: Response(document, content_type=JSON))
    return routes


def configuration(server: Server) -> dict[str, Any]:
    """What smart-configuration says; nothing that does not work."""
    said: dict[str, Any] = {
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": ["system/*.cruds", "system/*.rs", "system/Task.rs", "system/ServiceRequest.crus"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2", "permission-v1"],
        "code_challenge_methods_supported": ["S256"],  # SMART demands the member, even where nobody logs in
    }
    places = {"token_endpoint": server.token_endpoint, "jwks_uri": server.jwks_uri}
    return {name: place for name, place in places.items() if place} | said


def refusal(error: SecondOpinionError) -> Response:
    """An error as RFC 6749 section 5.2 writes it."""
    if isinstance(error, TokenRefused):
        word = error.error
    elif error.status < 500:  # noqa: PLR2004 - HTTP's own border between the sender's faults and ours
        word = _WORDS.get(type(error), "invalid_request")
    else:
        word = _WORDS.get(type(error), "server_error")
    exchanges.refused(request.environ, error, word)
    return _answer({"error": word, "error_description": error.message}, error.status, error.headers)


def _granted(granted: Granted) -> Response:
    said = {
        "access_token": granted.token,
        "token_type": "bearer",
        "expires_in": granted.lifetime,
        "scope": granted.scope,
    }
    return _answer(said, 200, {})


def _answer(said: Mapping[str, object], status: int, headers: Mapping[str, str]) -> Response:
    unkept = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(orjson.dumps(said), status, {**headers, **unkept}, content_type=JSON)
