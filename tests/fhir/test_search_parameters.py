from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from second_opinion.fhir.search import EXPOSED, INCLUDES, PARAMETERS
from second_opinion.fhir.search_parameters import COMMON, Parameter, parameter
from second_opinion.fhir.search_shapes import extractor_of

OF_R4 = {
    "Task": "authored-on based-on business-status code encounter focus group-identifier identifier intent modified "
    "owner part-of patient performer period priority requester status subject",
    "ClaimResponse": "created disposition identifier insurer outcome patient payment-date request requestor status use",
    "ServiceRequest": "authored based-on body-site category code encounter identifier instantiates-canonical "
    "instantiates-uri intent occurrence patient performer performer-type priority replaces requester requisition "
    "specimen status subject",
    "CommunicationRequest": "authored based-on category encounter group-identifier identifier medium occurrence "
    "patient priority recipient replaces requester sender status subject",
    "Communication": "based-on category encounter identifier medium part-of patient received recipient sender sent "
    "status subject",
    "DocumentReference": "author category contenttype custodian date encounter identifier language patient related "
    "status subject type",
    "Binary": "",
    "Claim": "identifier patient provider insurer created status use priority facility care-team enterer encounter "
    "payee item-udi detail-udi subdetail-udi procedure-udi",
    "Patient": "identifier family given name birthdate gender general-practitioner",
    "Coverage": "identifier beneficiary patient payor status",
    "Consent": "identifier patient status",
    "Practitioner": "identifier family given name",
    "PractitionerRole": "practitioner organization role specialty date network",
    "Organization": "identifier name type partof",
    "Subscription": "contact criteria payload status type url",
}
OURS = {"Task": {"due"}}
SHARED_INCLUDES = (
    "Task:focus Task:based-on Task:patient Task:owner Task:requester Task:part-of Task:output ClaimResponse:request "
    "ClaimResponse:patient ClaimResponse:insurer ClaimResponse:requestor CommunicationRequest:based-on "
    "CommunicationRequest:patient CommunicationRequest:recipient CommunicationRequest:sender ServiceRequest:patient "
    "ServiceRequest:requester ServiceRequest:performer"
)


def every() -> Iterator[tuple[str, Parameter]]:
    for type_name, parameters in PARAMETERS.items():
        for each in parameters.values():
            yield type_name, each


@pytest.mark.parametrize("type_name", OF_R4)
def test_type_is_searched_by_all_its_r4_parameters_and_ours(type_name: str) -> None:
    expected = {*OF_R4[type_name].split(), *COMMON, *OURS.get(type_name, set())}

    assert set(PARAMETERS[type_name]) == expected


def test_exactly_the_types_of_the_table_are_open_to_callers() -> None:
    assert set(EXPOSED) == set(OF_R4)


def test_every_parameter_open_to_callers_names_its_definition() -> None:
    for type_name in EXPOSED:
        for each in PARAMETERS[type_name].values():
            assert each.definition.startswith(("http://hl7.org/fhir/", "SearchParameter/")), each.name


def test_every_parameter_has_values_of_its_own_or_anothers() -> None:
    for type_name, each in every():
        if each.name in {"_id", "_lastUpdated"}:
            continue
        assert each.paths or set(each.stored) <= set(PARAMETERS[type_name]) - {each.name}, (type_name, each.name)


def test_every_shape_has_an_extractor() -> None:
    for _, each in every():
        for _, shape in each.paths:
            assert callable(extractor_of(each, shape))


def test_every_path_begins_at_an_element_of_the_type() -> None:
    for type_name, each in every():
        model: Any = getattr(import_module(f"fhir.resources.R4B.{type_name.lower()}"), type_name)
        names = {field.alias or name for name, field in model.model_fields.items()}
        for path, _ in each.paths:
            assert path.partition(".")[0].partition("(")[0] in names, (type_name, each.name)


def test_what_a_search_may_start_from_is_also_enough_to_ask_for() -> None:
    assert all(each.bounding for _, each in every() if each.selective)
    assert {each.name for each in PARAMETERS["Task"].values() if each.bounding} == set(
        "_id identifier group-identifier focus based-on part-of patient subject requester owner encounter".split()  # noqa: SIM905  # one line reads better
    )


def test_every_include_partners_were_promised_has_a_path() -> None:
    for each in SHARED_INCLUDES.split():
        type_name, _, name = each.partition(":")
        assert INCLUDES[type_name][name]


def test_patient_and_subject_share_one_row() -> None:
    assert PARAMETERS["Task"]["patient"].stored == PARAMETERS["Task"]["subject"].stored


def test_a_path_may_name_its_own_shape() -> None:
    assert parameter("occurrence", "date", "occurrencePeriod@period").paths == (("occurrencePeriod", "period"),)
