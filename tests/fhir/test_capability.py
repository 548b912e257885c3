from datetime import UTC, datetime

from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from case_views import VOCABULARY
from second_opinion.fhir import capability
from second_opinion.fhir.capability import Offer, Service
from second_opinion.fhir.codes import Json

TASK = Offer(
    "Task",
    ("read", "vread", "history-instance", "search-type"),
    (
        ("_id", "token", None),
        ("due", "date", f"{VOCABULARY.canonical}/SearchParameter/due"),
    ),
    includes=("Task:focus",),
    revincludes=("Task:part-of",),
    versioning="versioned",
)
ORDER = Offer(
    "ServiceRequest",
    ("create", "read", "update"),
    operations=(("submit", f"{VOCABULARY.canonical}/OperationDefinition/ServiceRequest-submit"),),
    conditional_create=True,
    versioning="versioned",
)
CODES = Offer("CodeSystem", ("read",), versioning="no-version")
SERVICE = Service(
    "Example plan",
    "0.1.0",
    datetime(2026, 3, 2, tzinfo=UTC),
    token_url="http://127.0.0.1:8080/oauth/token",
    interactions=("transaction",),
)


def statement(service: Service = SERVICE) -> Json:
    """The statement of three offers."""
    written = capability.statement(VOCABULARY, [TASK, ORDER, CODES], service)
    CapabilityStatement.model_validate(written)
    return written


def resource(name: str) -> Json:
    """What is said of one type."""
    found: Json = next(each for each in statement()["rest"][0]["resource"] if each["type"] == name)
    return found


def test_there_is_one_rest_and_every_offer_is_in_it_once() -> None:
    (rest,) = statement()["rest"]

    assert [each["type"] for each in rest["resource"]] == ["CodeSystem", "ServiceRequest", "Task"]
    assert rest["interaction"] == [{"code": "transaction"}]


def test_address_is_the_public_base() -> None:
    assert statement()["implementation"]["url"] == VOCABULARY.base


def test_token_address_is_where_clients_look_for_it() -> None:
    extension = statement()["rest"][0]["security"]["extension"][0]

    assert {"url": "token", "valueUri": "http://127.0.0.1:8080/oauth/token"} in extension["extension"]


def test_service_without_tokens_names_no_address() -> None:
    written = statement(Service("Example plan", "0.1.0", datetime(2026, 3, 2, tzinfo=UTC)))

    assert "extension" not in written["rest"][0]["security"]
    assert "interaction" not in written["rest"][0]


def test_what_is_offered_is_declared() -> None:
    task = resource("Task")

    assert [each["code"] for each in task["interaction"]] == ["read", "vread", "history-instance", "search-type"]
    assert task["searchInclude"] == ["Task:focus"]
    assert task["searchRevInclude"] == ["Task:part-of"]
    assert task["readHistory"] is True
    assert task["searchParam"] == [
        {"name": "_id", "type": "token"},
        {"name": "due", "definition": f"{VOCABULARY.canonical}/SearchParameter/due", "type": "date"},
    ]


def test_what_is_not_offered_is_not_declared() -> None:
    codes = resource("CodeSystem")

    assert not {"searchParam", "searchInclude", "operation", "conditionalRead", "updateCreate"} & codes.keys()
    assert codes["conditionalCreate"] is False
    assert codes["readHistory"] is False


def test_operation_is_named_without_its_dollar() -> None:
    assert resource("ServiceRequest")["operation"][0]["name"] == "submit"
    assert resource("ServiceRequest")["conditionalCreate"] is True
    assert resource("ServiceRequest")["updateCreate"] is False
