"""Why the opinion is asked for, and for which condition: reasonCode, reasonReference and note."""

from collections.abc import Mapping
from typing import NamedTuple

from second_opinion.errors import CodeInvalid
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.own_codes import OWN_SYSTEMS
from second_opinion.fhir.resolving import Entry, Resolver

REASONS = frozenset(each.code for each in OWN_SYSTEMS["second-opinion-reason"].codes)


class Reasons(NamedTuple):
    """Reason codes of ours, whether words give a reason, whether one stands there empty, and conditions."""

    codes: tuple[str, ...]
    words: bool
    empty: bool
    conditions: Mapping[str, Json]  # FHIR Coding by system|code


def read(order: Json, at: Entry, resolver: Resolver, vocabulary: Vocabulary) -> Reasons:
    """The order's reasons; CodeInvalid 422 for a code our system does not have."""
    own_system = vocabulary.system("second-opinion-reason")
    codes: list[str] = []
    conditions: list[Json] = []
    words = any(_says(each.get("text")) for each in order.get("note", ()))
    silent = False
    for index, concept in enumerate(order.get("reasonCode", ())):
        codings = [each for each in concept.get("coding", ()) if "code" in each]
        own = [each for each in codings if each.get("system") == own_system]
        foreign = [each for each in codings if each.get("system") != own_system]
        _known(own, f"{at.path}.reasonCode[{index}]")
        codes += [each["code"] for each in own]
        conditions += foreign
        # Beside a diagnosis the text describes the condition; it is a reason only on its own or beside our code.
        spoken = _says(concept.get("text")) and (bool(own) or not foreign)
        words = words or spoken
        silent = silent or not (own or foreign or spoken)
    each_once = {
        f"{each.get('system', '')}|{each['code']}": each for each in [*conditions, *_referred(order, at, resolver)]
    }
    return Reasons(
        tuple(dict.fromkeys(codes)),
        words,
        silent and not codes and not words,
        each_once,
    )


def _says(text: str | None) -> bool:
    return bool(text and text.strip())


def _known(codings: list[Json], path: str) -> None:
    if any(each["code"] not in REASONS for each in codings):
        raise CodeInvalid(f"second-opinion-reason has only {', '.join(sorted(REASONS))}", path)


def _referred(order: Json, at: Entry, resolver: Resolver) -> list[Json]:
    """Codings of the Conditions that came along and are referred to."""
    targets = [resolver.resolve(each, at).resource for each in order.get("reasonReference", ())]
    return [
        coding
        for each in targets
        if each and each["resourceType"] == "Condition"
        for coding in each.get("code", {}).get("coding", ())
        if "code" in coding
    ]
