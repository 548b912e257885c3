"""What the guide demands of a request Bundle, whatever is in it (PAS 2.2.1, profile-pas-request-bundle)."""

import re

from second_opinion.errors import BadRequest
from second_opinion.fhir import submission
from second_opinion.fhir.codes import Json
from second_opinion.fhir.resolving import Entry

FULL_URL = re.compile(r"https?://\S+|urn:uuid:[0-9a-fA-F-]{36}", re.ASCII)


class BundleRule(BadRequest):
    """The Bundle is not the one the operation takes."""


def bundle_of(body: Json) -> tuple[Json, str]:
    """The Bundle: the body itself, or the parameter ``resource``."""
    if body.get("resourceType") == "Parameters":
        given = body.get("parameter")
        one = given[0] if isinstance(given, list) and len(given) == 1 else None
        if not isinstance(one, dict) or one.get("name") != "resource" or not isinstance(one.get("resource"), dict):
            raise BundleRule(
                "Parameters must hold the Bundle as their only parameter, resource", "Parameters.parameter"
            )
        return _bundle_itself(one["resource"], "Parameters.parameter[0].resource")
    return _bundle_itself(body, "Bundle")


def _bundle_itself(resource: Json, path: str) -> tuple[Json, str]:
    if resource.get("resourceType") == "Claim":
        raise BundleRule(
            "A Claim is sent in a PAS request Bundle: type collection, the Claim first, then what it refers to",
            "Claim" if path == "Bundle" else path,
        )
    if resource.get("resourceType") != "Bundle":
        raise BundleRule("The body must be a PAS request Bundle", "$this.resourceType" if path == "Bundle" else path)
    return resource, path


def first_look(bundle: Json, path: str) -> None:
    """The rules of the Bundle that tell a sender at once what is wrong."""
    if bundle.get("type") != "collection":
        raise BundleRule("A PAS request Bundle is of type collection", f"{path}.type")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        raise BundleRule("A PAS request Bundle holds the Claim and what it refers to", f"{path}.entry")
    first = entries[0].get("resource") if isinstance(entries[0], dict) else None
    if not isinstance(first, dict) or first.get("resourceType") != "Claim":
        raise BundleRule("The first entry must be the Claim", f"{path}.entry[0]")
    for element in ("identifier", "timestamp"):
        if element not in bundle:
            raise BundleRule(f"A PAS request Bundle has {element}", f"{path}.{element}")


def entries(bundle: Json, path: str) -> list[Entry]:
    """The entries with their places; BundleRule 400 for what an entry of a collection must have, or may not."""
    for index, each in enumerate(bundle["entry"]):
        place = f"{path}.entry[{index}]"
        for element in ("fullUrl", "resource"):
            if element not in each:
                raise BundleRule(f"Every entry has {element}", f"{place}.{element}")
        if not FULL_URL.fullmatch(each["fullUrl"]):
            raise BundleRule("fullUrl is an absolute URL or urn:uuid", f"{place}.fullUrl")
        for element in ("search", "request", "response"):
            if element in each:
                raise BundleRule(f"An entry of a collection has no {element}", f"{place}.{element}")
    if "value" not in bundle["identifier"]:
        raise BundleRule("The Bundle's identifier has a value", f"{path}.identifier.value")
    return submission.entries(bundle, path)
