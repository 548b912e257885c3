"""What a reviewer decided, as the case's resources show it: reasons, offers, that a person decided, and who."""

from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.decision import Decision, Offer, ReviewOutcome
from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.fhir.codes import NUCC, PAS, Json, Vocabulary, coding, concept
from second_opinion.fhir.dates import local_day
from second_opinion.fhir.elements import explained, instant


def behind(view: CaseView, outcome: ReviewOutcome | None) -> Decision:
    """The attested decision to this outcome; NotAttested where the view has none, or nobody can have decided it."""
    if outcome is None:
        raise NotAttested("There is no such determination, whoever attests it")
    return view.attested(outcome)


def codes(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    """Codings of every reason: the reviewer's, else the table's."""
    given = view.decision.reasons if view.decision else (view.reason_code,) if view.reason_code else ()
    return [vocabulary.own("determination-reason", each) for each in given]


def reasons(view: CaseView, vocabulary: Vocabulary) -> Json:
    """Why, coded and in plain words with the clause."""
    return concept(*codes(view, vocabulary), text=explained(view))


def offers(view: CaseView, vocabulary: Vocabulary) -> list[Reference]:
    """The providers a reviewer offered, each with its first appointment where it is known."""
    return [_offer(each, vocabulary) for each in view.decision.alternatives] if view.decision else []


def offer_notes(view: CaseView) -> list[str]:
    """The same in words for a ClaimResponse, which has no place for them."""
    return [f"Offered instead: {in_words(each)}" for each in view.decision.alternatives] if view.decision else []


def in_words(offer: Offer) -> str:
    """Name, specialty, phone, and the first appointment's day where the plan is."""
    first = f"first appointment {local_day(offer.first_appointment).isoformat()}" if offer.first_appointment else None
    return ", ".join(filter(None, (offer.name, offer.specialty, offer.phone, first)))


def extension_notes(view: CaseView) -> list[str]:
    """That there is more time, until when, why, and what is missing."""
    if (given := view.extension) is None:
        return []
    until = local_day(given.until).isoformat()
    missing = "; ".join(each.rstrip(".") for each in given.missing)
    return [f"The time to decide was extended to {until}: {given.rationale.rstrip('.')}. Still needed: {missing}."]


def human_review(decision: Decision) -> Json:
    """PAS: a person reviewed it, of which specialty. Name and phone stand in the provider's letter alone."""
    parts: list[Json] = [{"url": "wasHumanReviewedFlag", "valueBoolean": True}]
    if decision.attestation.specialty is not None:
        specialty = concept(coding(NUCC, decision.attestation.specialty))
        parts.append({"url": "reviewerSpecialty", "valueCodeableConcept": specialty})
    return {"url": f"{PAS}/extension-claimResponseReviewer", "extension": parts}


def authorized_provider(decision: Decision) -> Json:
    """PAS: who may give the service, on the item it was asked in."""
    assert decision.modification is not None  # noqa: S101 - a modification says what it changes
    part = {"url": "provider", "valueReference": decision.modification.provider}
    return {"url": f"{PAS}/extension-itemAuthorizedProvider", "extension": [part]}


def reviewer(view: CaseView, decision: Decision, vocabulary: Vocabulary) -> Reference:
    """That a person decided and as what, by the attestation's number; who it was, ``explain`` tells the plan."""
    given = decision.attestation
    kind = given.kind.replace("-", " ").capitalize()
    return {
        "type": "Practitioner",
        "identifier": {"system": vocabulary.naming("attestation"), "value": attestation_number(view.number)},
        "display": f"{kind}, licensed in {given.state}" if given.state else kind,
    }


def attestation_number(case: str) -> str:
    """The number of the attestation a case was decided on; each case is decided once."""
    return f"{case}-A1"


def _offer(offer: Offer, vocabulary: Vocabulary) -> Reference:
    written: Reference = {"reference": offer.reference, "display": in_words(offer)}
    if offer.first_appointment is not None:
        when = {"url": vocabulary.extension("first-appointment"), "valueDateTime": instant(offer.first_appointment)}
        written = {"extension": [when], **written}
    return written
