"""Who is let in, built from the settings: issuers of tokens, the token endpoint, and how keys are fetched."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import ip_network
from urllib.parse import urlencode, urlsplit

from second_opinion.access import caller, named_issuers, registry
from second_opinion.access.assertions import Proof
from second_opinion.access.caller import Identify
from second_opinion.access.fetching import Fetched, NoAnswer
from second_opinion.access.granting import Granting
from second_opinion.access.issuer import Issuer, Verifying
from second_opinion.access.issuers import Issuers
from second_opinion.access.key_sets import KeySets
from second_opinion.access.named_issuers import NamedIssuer
from second_opinion.access.outside import Opaque, Outside
from second_opinion.access.rates import FILE, Rates
from second_opinion.access.scopes import Understand
from second_opinion.api.admission import Network
from second_opinion.api.oauth import Server
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.gate import Gate, Refused, Unreachable
from second_opinion.fhir.search_scopes import understood
from second_opinion.settings import Settings, WrongSetting
from second_opinion.store.keeping import Store

PATIENCE = 5  # seconds for a key set or an introspection: a caller waits for it
_FORM = "application/x-www-form-urlencoded"


def issuer(settings: Settings) -> Issuer:
    """The embedded issuer of access tokens."""
    return Issuer(settings.public_url, settings.fhir_base, settings.data_folder)


def embedded(settings: Settings) -> bool:
    """Whether the embedded issuer's tokens are taken: in rehearsals, and in production by explicit permission."""
    return settings.embedded_issuer or not settings.production


def recognising(settings: Settings, kept: Store) -> Identify:
    """Tells who calls, by token and registry."""
    judges = verifying(settings, kept)
    return partial(caller.identify, issuer=judges, store=kept, understand=understanding(settings.fhir_base))


def verifying(settings: Settings, kept: Store) -> Verifying:
    """The issuers whose tokens are taken."""
    named = named_issuers.read(settings.issuers)
    own = {settings.public_url: issuer(settings)} if embedded(settings) else {}
    if own and not named:
        return own[settings.public_url]
    asking = _asking(settings, kept, named)
    key_sets = KeySets(asking.fetch)
    return Issuers(
        {**own, **{each.issuer: Outside(each, key_sets) for each in named}},
        tuple(Opaque(each, each.introspection, asking.post) for each in named if each.introspection),
    )


@lru_cache
def understanding(base: str) -> Understand:
    """What a scope's query means on this server; the same function each time, because scopes are kept by it."""
    return partial(understood, base)


def token_server(settings: Settings, kept: Store) -> Server:
    """The counter where partners get their tokens, if it is here."""
    endpoint = token_endpoint(settings)
    if endpoint is None or not embedded(settings):
        return Server(endpoint, None, None)
    proof = Proof(kept, KeySets(_asking(settings, kept).fetch), endpoint)
    granting = Granting(proof, issuer(settings), understanding(settings.fhir_base), rates(settings))
    return Server(endpoint, granting, f"{settings.public_url}/.well-known/jwks.json")


def token_endpoint(settings: Settings) -> str | None:
    """Where tokens are given: here, or by the first issuer outside that says where; None: nobody says."""
    if embedded(settings):
        return f"{settings.public_url}/oauth/token"
    named = named_issuers.read(settings.issuers)
    return next((each.token_endpoint for each in named if each.token_endpoint), None)


def rates(settings: Settings) -> Rates:
    """How often each caller may ask, counted with the other web processes of this machine."""
    return Rates(settings.data_folder / FILE, settings.rate_limit)


def proxies(settings: Settings) -> tuple[Network, ...]:
    """The proxies that terminate TLS; WrongSetting where one is no address."""
    try:
        return tuple(ip_network(each, strict=False) for each in settings.tls_proxy)
    except ValueError as problem:
        raise WrongSetting("TLS_PROXY: must be addresses or networks, such as 10.0.0.7 or 10.0.0.0/24") from problem


@dataclass(frozen=True)
class _Asking:
    """Access' questions to others, over the one safe way out."""

    calls: Calls

    def fetch(self, address: str) -> Fetched:
        """What is at the address."""
        return self._asked("GET", address, {})

    def post(self, address: str, form: Mapping[str, str], login: tuple[str, str]) -> Fetched:
        """The answer to a form."""
        secret = b64encode(":".join(login).encode()).decode()
        headers = {"Content-Type": _FORM, "Authorization": f"Basic {secret}"}
        return self._asked("POST", address, headers, urlencode(form).encode())

    def _asked(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None) -> Fetched:
        try:
            reply = self.calls.call(method, address, {"Accept": "application/json", **headers}, body)
        except (Refused, Unreachable) as problem:
            raise NoAnswer(problem.message) from problem
        return Fetched(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)


def _asking(settings: Settings, kept: Store, named: tuple[NamedIssuer, ...] = ()) -> _Asking:
    """Only hosts of registered key sets and named issuers are asked; loopback in rehearsals (wire.md 8)."""
    gate = Gate(_hosts(kept, named), loopback=not settings.production)
    return _Asking(Calls(gate, min(settings.send_timeout, PATIENCE)))


def _hosts(kept: Store, named: tuple[NamedIssuer, ...]) -> Callable[[], set[str]]:
    fixed = [address for each in named for address in each.addresses]

    def hosts() -> set[str]:
        registered = [each.jwks for each in registry.partners(kept) if each.active and each.jwks]
        return {urlsplit(address).hostname or "" for address in (*fixed, *registered) if not address.startswith("{")}

    return hosts
