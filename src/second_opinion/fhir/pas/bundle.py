"""The response Bundle: the ClaimResponse first, then everything it refers to, under the addresses the client knows.

A relative reference would lead from our fullUrl to this server, so every reference of ours is written absolute: to the
client's own entry, which comes back as it was sent, or to our resource, which comes along (PAS 2.2.1, spec-33).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from second_opinion.fhir.codes import MODIFIED, PAS, PENDED, Json, Vocabulary
from second_opinion.fhir.elements import instant
from second_opinion.fhir.pas import information, terms
from second_opinion.fhir.sent_claim import SentClaim

Lookup = Callable[[str], Json | None]  # our resource "Type/id" names
EMPTY: Json = {}
ROLES = ("patient", "insurer", "requestor", "request")


class Edition(StrEnum):
    """The version of PAS a client speaks."""

    CURRENT = "2.2"
    EARLIER = "2.0"


def write(
    response: Json,
    sent: SentClaim | None,
    entries: Iterable[Json],
    lookup: Lookup,
    vocabulary: Vocabulary,
    at: datetime,
    edition: Edition = Edition.CURRENT,
    *,
    inquiry: bool = False,
    also: Iterable[str] = (),
) -> Json:
    """The Bundle around a ClaimResponse as it is kept.

    ``entries`` are those of the request; ``sent`` is None for a case no client's Claim stands behind; ``also`` names
    resources of ours that come along though the ClaimResponse does not refer to them.
    """
    names = _names(response, sent)
    answer = _answer(response, sent, edition, inquiry=inquiry)
    written = _Written(names, lookup, vocabulary, profiled=sent is not None)
    own_url = f"{vocabulary.base}/ClaimResponse/{response['id']}"
    first = {"fullUrl": own_url, "resource": written.told(answer)}
    for text in also:
        written.told({"reference": text})
    wanted = frozenset(sent.echoed if sent else ())
    echoed = [{name: each[name] for name in ("fullUrl", "resource")} for each in entries if each["fullUrl"] in wanted]
    profile = "profile-pas-inquiry-response-bundle" if inquiry else "profile-pas-response-bundle"
    return {
        "resourceType": "Bundle",
        "id": response["id"],
        **({"meta": {"profile": [f"{PAS}/{profile}"]}} if edition is Edition.CURRENT else {}),
        **({"identifier": sent.bundle_identifier} if sent else _numbered(response)),
        "type": "collection",
        "timestamp": instant(at),
        "entry": [first, *_each_once([*echoed, *written.brought()])],
    }


def _each_once(entries: list[Json]) -> list[Json]:
    by_url: dict[str, Json] = {}
    for each in entries:
        by_url.setdefault(each["fullUrl"], each)
    return list(by_url.values())


def _numbered(response: Json) -> Json:
    """Where nobody sent a Bundle, the case's number stands for one."""
    number = response["identifier"][-1]
    return {"identifier": {name: number[name] for name in ("system", "value")}}


def _names(response: Json, sent: SentClaim | None) -> dict[str, Json]:
    """Our references, as the client names what they lead to."""
    if sent is None:
        return {}
    ours = {role: response.get(role, EMPTY).get("reference") for role in ROLES}
    ours["coverage"] = next((each["coverage"].get("reference") for each in response.get("insurance", ())), None)
    return {text: sent.references[role] for role, text in ours.items() if text and role in sent.references}


def _answer(response: Json, sent: SentClaim | None, edition: Edition, *, inquiry: bool) -> Json:
    """The ClaimResponse in PAS's form and the client's words."""
    profile = "profile-claiminquiryresponse" if inquiry else "profile-claimresponse"
    claimed = {"profile": [f"{PAS}/{profile}"]} if edition is Edition.CURRENT else {}
    answer = response | {"status": "active", "meta": response["meta"] | claimed}
    if str(answer.get("requestor", EMPTY).get("reference", "")).startswith("Practitioner/"):
        # PAS takes no bare Practitioner here; the number says who it is
        answer["requestor"] = {name: each for name, each in answer["requestor"].items() if name != "reference"}
    if inquiry:
        answer.pop("communicationRequest", None)
    if edition is Edition.EARLIER:
        _in_earlier_words(answer)
    if sent is not None:
        answer |= {role: sent.references[role] for role in ROLES if role in sent.references}
        answer["item"] = _with_providers(answer.get("item", []), sent)
        if not answer["item"]:
            del answer["item"]
    return answer


def _with_providers(lines: list[Json], sent: SentClaim) -> list[Json]:
    """The items with the authorized provider as the client named it."""
    named = {each.sequence: each.provider for each in sent.items if each.provider}
    return [
        _with_provider(line, named[line["itemSequence"]])
        if line["itemSequence"] in named and MODIFIED not in review_codes({"item": [line]})
        else line
        for line in lines
    ]


def _with_provider(line: Json, provider: Json) -> Json:
    wanted, part = terms.url("itemAuthorizedProvider"), {"url": "provider", "valueReference": provider}
    extensions = [
        each | {"extension": [part, *(one for one in each["extension"] if one["url"] != "provider")]}
        if each["url"] == wanted
        else each
        for each in line.get("extension", ())
    ]
    return line | {"extension": extensions} if extensions else line


def _in_earlier_words(answer: Json) -> None:
    """PAS 2.0.1: what is pended is queued, and the element in error is a plain string."""
    if answer["outcome"] != "error" and PENDED in review_codes(answer):
        answer["outcome"] = "queued"
    for error in answer.get("error", ()):
        for each in error.get("extension", ()):
            if each["url"] == terms.url("errorElement"):
                told = next((part["valueString"] for part in each.pop("extension") if part["url"] == "error"), "")
                each["valueString"] = told


def review_codes(response: Mapping[str, Any]) -> set[str]:
    """The X12 306 codes of a ClaimResponse's items."""
    return {
        code["code"]
        for item in response.get("item", ())
        for adjudication in item.get("adjudication", ())
        for action in terms.extensions(adjudication, "reviewAction")
        for part in terms.extensions(action, "reviewActionCode")
        for code in part.get("valueCodeableConcept", EMPTY).get("coding", ())
        if "code" in code
    }


class _Written:
    """Resources with their references told in the client's names; ours that are still named come along."""

    def __init__(self, names: Mapping[str, Json], lookup: Lookup, vocabulary: Vocabulary, *, profiled: bool) -> None:
        self._names, self._lookup, self._base = names, lookup, vocabulary.base
        self._vocabulary, self._profiled = vocabulary, profiled
        self._found: dict[str, Json] = {}

    def told(self, value: Any) -> Any:
        """The same value; a reference nothing can be brought for keeps its identifier and words only."""
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if not isinstance(value, dict):
            return value
        text = value.get("reference")
        if isinstance(text, str):
            return self._reference(value, text)
        return {name: self.told(each) for name, each in value.items()}

    def brought(self) -> list[Json]:
        """Our own resources the answer refers to."""
        return [{"fullUrl": f"{self._base}/{text}", "resource": found} for text, found in self._found.items()]

    def _reference(self, reference: Json, text: str) -> Json:
        known = self._names.get(text)
        if known is not None or text.startswith("#") or ":" in text:
            return known or reference
        if text.startswith("Claim/"):  # the one resource that may stay where it is
            return reference | {"reference": f"{self._base}/{text}"}
        if text not in self._found:
            found = self._lookup(text)
            if found is None:
                rest = {name: each for name, each in reference.items() if name != "reference"}
                return rest or {"display": f"{text.partition('/')[0]} on file with the plan"}
            self._found[text] = found
            self._found[text] = self._inner(found)
        return reference | {"reference": f"{self._base}/{text}"}

    def _inner(self, resource: Json) -> Json:
        """What comes along; only what it says of people the client knows is told in the client's names."""
        if resource["resourceType"] not in {"CommunicationRequest", "Task"}:
            return resource
        renamed: Json = _renamed(resource, self._names, self._base)
        return information.in_a_response(renamed, self._vocabulary) if self._profiled else renamed


def _renamed(value: Any, names: Mapping[str, Json], base: str) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names, base) for each in value]
    if not isinstance(value, dict):
        return value
    text = value.get("reference")
    if isinstance(text, str):
        if text in names:
            beside = {"identifier": value["identifier"]} if "identifier" in value else {}
            return beside | names[text]
        return value if text.startswith("#") or ":" in text else value | {"reference": f"{base}/{text}"}
    return {name: _renamed(each, names, base) for name, each in value.items()}
