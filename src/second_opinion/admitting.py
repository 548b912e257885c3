"""Who is let in, built from the settings: issuers of tokens, the token endpoint, and the gate."""

from functools import lru_cache, partial

from second_opinion.access import caller
from second_opinion.access.assertions import Proof
from second_opinion.access.caller import Identify
from second_opinion.access.fetching import Courier
from second_opinion.access.granting import Granting
from second_opinion.access.issuer import Issuer
from second_opinion.access.key_sets import KeySets
from second_opinion.access.scopes import Understand
from second_opinion.api.oauth import Server
from second_opinion.fhir.search_scopes import understood
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store


def issuer(settings: Settings) -> Issuer:
    """The embedded issuer of access tokens."""
    return Issuer(settings.public_url, settings.fhir_base, settings.data_folder)


def recognising(settings: Settings, kept: Store) -> Identify:
    """Tells who calls, by token and registry."""
    return partial(caller.identify, issuer=issuer(settings), store=kept, understand=understanding(settings.fhir_base))


@lru_cache
def understanding(base: str) -> Understand:
    """What a scope's query means on this server; the same function each time, because scopes are kept by it."""
    return partial(understood, base)


def token_server(settings: Settings, kept: Store) -> Server:
    """The token endpoint."""
    endpoint = f"{settings.public_url}/oauth/token"
    key_sets = KeySets(courier(settings).fetch)
    granting = Granting(Proof(kept, key_sets, endpoint), issuer(settings), understanding(settings.fhir_base))
    return Server(endpoint, granting, f"{settings.public_url}/.well-known/jwks.json")


def courier(settings: Settings) -> Courier:
    """How keys are fetched; in rehearsals from this machine too."""
    return Courier(settings.send_timeout, loopback=not settings.production)
