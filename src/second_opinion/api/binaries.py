"""A Binary as what it is: with Accept of its content type its bytes are answered, as they were kept."""

from base64 import b64decode

from flask import Request, Response

from second_opinion.api import negotiation
from second_opinion.fhir import json_body
from second_opinion.store.stored import Stored

# A letter is styled but runs nothing; what others sent may be anything, and runs nothing either.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def may_want_bytes(asked: Request) -> bool:
    """Whether Accept names something besides FHIR JSON, and ``_format`` does not settle it."""
    return "_format" not in asked.args and any(
        weight > 0 and not negotiation.is_json(name) and name not in negotiation.ANYTHING
        for name, weight in negotiation.accepted(asked)
    )


def as_bytes(stored: Stored, asked: Request) -> Response | None:
    """The bytes, where the caller prefers their content type to FHIR JSON; else None."""
    if not may_want_bytes(asked):
        return None
    kept = json_body.read(stored.body)
    kind: str = kept["contentType"]
    name = kind.partition(";")[0].strip().lower()
    offers = negotiation.accepted(asked)
    own = max((weight for offer, weight in offers if offer in {name, f"{name.partition('/')[0]}/*"}), default=0.0)
    as_json = max((weight for offer, weight in offers if negotiation.is_json(offer)), default=0.0)
    if own <= as_json:
        return None
    headers = {
        "ETag": f'W/"{stored.version}"',
        "Last-Modified": negotiation.http_date(stored.last_updated),
        "Content-Security-Policy": _POLICY,
    }
    charset = "; charset=utf-8" if name.startswith("text/") and "charset" not in kind else ""
    return Response(b64decode(kept["data"]), 200, headers, content_type=kind + charset)
