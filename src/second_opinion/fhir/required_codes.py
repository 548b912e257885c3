"""Codes R4 binds as required, of the elements an order brings; fhir.resources takes any text in their place."""

from collections.abc import Mapping
from types import MappingProxyType

_GENDER = frozenset({"male", "female", "other", "unknown"})  # administrative-gender
_FINANCIAL = frozenset({"active", "cancelled", "draft", "entered-in-error"})  # fm-status

REQUIRED_CODES: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("ServiceRequest", "status"): frozenset(
            {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
        ),  # request-status
        ("ServiceRequest", "intent"): frozenset(
            {
                "proposal",
                "plan",
                "directive",
                "order",
                "original-order",
                "reflex-order",
                "filler-order",
                "instance-order",
                "option",
            }
        ),  # request-intent
        ("ServiceRequest", "priority"): frozenset({"routine", "urgent", "asap", "stat"}),  # request-priority
        ("Patient", "gender"): _GENDER,
        ("RelatedPerson", "gender"): _GENDER,
        ("Practitioner", "gender"): _GENDER,
        ("Coverage", "status"): _FINANCIAL,
        ("Consent", "status"): frozenset(
            {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}
        ),  # consent-state-codes
        ("ConsentProvision", "type"): frozenset({"deny", "permit"}),  # consent-provision-type
        ("DocumentReference", "status"): frozenset({"current", "superseded", "entered-in-error"}),
        ("Identifier", "use"): frozenset({"usual", "official", "temp", "secondary", "old"}),  # identifier-use
        ("HumanName", "use"): frozenset({"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"}),
        ("ContactPoint", "system"): frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"}),
        ("ContactPoint", "use"): frozenset({"home", "work", "temp", "old", "mobile"}),
        ("Address", "use"): frozenset({"home", "work", "temp", "old", "billing"}),
        ("Address", "type"): frozenset({"postal", "physical", "both"}),
        ("Narrative", "status"): frozenset({"generated", "extensions", "additional", "empty"}),  # narrative-status
        ("Quantity", "comparator"): frozenset({"<", "<=", ">=", ">"}),  # quantity-comparator
        ("TimingRepeat", "durationUnit"): frozenset({"s", "min", "h", "d", "wk", "mo", "a"}),  # units-of-time
        ("TimingRepeat", "periodUnit"): frozenset({"s", "min", "h", "d", "wk", "mo", "a"}),
        ("TimingRepeat", "dayOfWeek"): frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"}),  # days-of-week
        ("Bundle", "type"): frozenset(
            {
                "document",
                "message",
                "transaction",
                "transaction-response",
                "batch",
                "batch-response",
                "history",
                "searchset",
                "collection",
            }
        ),  # bundle-type
        ("BundleEntryRequest", "method"): frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}),  # http-verb
    }
)
