"""Search parameters of Subscription: R4's own."""

from second_opinion.fhir.search_parameters import Parameter, parameter, table

_CODES = "http://hl7.org/fhir"

SUBSCRIPTION: dict[str, Parameter] = table(
    "Subscription",
    parameter("contact", "identifier", "contact"),
    parameter("criteria", "string", "criteria"),
    parameter("payload", "code", "channel.payload"),
    parameter(
        "status",
        "code",
        "status",
        system=f"{_CODES}/subscription-status",
        codes=("requested", "active", "error", "off"),
        bounding=True,
    ),
    parameter(
        "type",
        "code",
        "channel.type",
        system=f"{_CODES}/subscription-channel-type",
        codes=("rest-hook", "websocket", "email", "sms", "message"),
    ),
    parameter("url", "uri", "channel.endpoint", selective=True),
)
