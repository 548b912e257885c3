"""The gate behind the door: who calls, with which client certificate; every route asks here."""

import base64
import binascii
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import unquote

from flask import request

from second_opinion.access.caller import Caller, Identify
from second_opinion.access.rates import Rates
from second_opinion.api import auditing
from second_opinion.api.negotiation import Environ
from second_opinion.errors import SecondOpinionError

_JUDGED = "second_opinion.judged"
CERTIFICATE = "HTTP_CLIENT_CERT"  # RFC 9440: the client's certificate, as the TLS-terminating proxy saw it

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Gate:
    """Identifies whoever sends the request under way; ``proxies`` are believed about client certificates."""

    identify: Identify
    rates: Rates
    proxies: Sequence[Network] = ()

    def __call__(self, authorization: str | None, *, certificate: str | None = None) -> Caller:
        """The caller of the request under way."""
        return self.admit(request.environ, authorization, certificate)

    def admit(self, environ: Environ, authorization: str | None, certificate: str | None = None) -> Caller:
        """The caller; the certificate is the request's own where a declared proxy forwarded one.

        A request is judged once, however often it is asked about: it counts once, and one refusal stands.
        Throttled for one request too many.
        """
        judged: Caller | SecondOpinionError | None = environ.get(_JUDGED)
        if judged is None:
            try:
                judged = self._judge(environ, authorization, certificate)
            except SecondOpinionError as refusal:
                judged = refusal
            environ[_JUDGED] = judged
        if isinstance(judged, SecondOpinionError):
            raise judged
        return judged

    def _judge(self, environ: Environ, authorization: str | None, certificate: str | None) -> Caller:
        caller = self.identify(authorization, certificate=certificate or self._certificate(environ))
        caller = auditing.remember(environ, caller)
        self.rates.admit(caller.id, caller.rate_limit)
        return caller

    def _certificate(self, environ: Environ) -> str | None:
        forwarded = environ.get(CERTIFICATE)
        return thumbprint(forwarded) if forwarded and self._believed(environ.get("REMOTE_ADDR")) else None

    def _believed(self, sender: str | None) -> bool:
        try:
            address = ip_address(sender or "")
        except ValueError:
            return False
        return any(address in network for network in self.proxies)


def thumbprint(forwarded: str) -> str | None:
    """x5t#S256 of a forwarded certificate: ``:base64:`` of RFC 9440, or PEM with percent signs as nginx has it."""
    try:
        if forwarded.startswith(":"):
            encoded = base64.b64decode(forwarded.strip(":"), validate=True)
        else:
            encoded = ssl.PEM_cert_to_DER_cert(unquote(forwarded))
    except (binascii.Error, ValueError):
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(encoded).digest()).rstrip(b"=").decode()
