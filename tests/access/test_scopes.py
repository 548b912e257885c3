import pytest

from second_opinion.access.registered import CLASSES
from second_opinion.access.scopes import OF_CLASS, SYSTEM, SYSTEM_OR_USER, allows, effective, grant, parse


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("system/Task.rs", "rs"),
        ("system/Task.cruds", "cruds"),
        ("system/*.c", "c"),
        ("patient/Task.r", "r"),
        ("user/Task.u", "u"),
        ("system/Task.read", "rs"),
        ("system/Task.write", "cud"),
        ("system/Task.*", "cruds"),
    ],
)
def test_both_notations_are_read(text: str, letters: str) -> None:
    (scope,) = parse(text)

    assert scope.letters == set(letters)


@pytest.mark.parametrize(
    "text",
    [
        "system/Task.sr",  # out of order
        "system/Task.rsu",
        "system/Task.rr",
        "system/Task.",
        "system/Task",
        "system/task.rs",
        "Task.rs",
        "clinic/Task.rs",
        "system/Task.rs?owner=Organization/x",
        "system/Task.READ",
        "openid",
        "launch/patient",
        "",
    ],
)
def test_scope_that_is_not_understood_grants_nothing(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    ("text", "type_", "letter", "allowed"),
    [
        ("system/Task.rs", "Task", "r", True),
        ("system/Task.rs", "Task", "s", True),
        ("system/Task.rs", "Task", "u", False),
        ("system/Task.rs", "Claim", "r", False),
        ("system/*.rs", "Claim", "s", True),
        ("system/*.rs", "Claim", "c", False),
        ("system/Task.r system/Task.s", "Task", "s", True),
        ("", "Task", "r", False),
    ],
)
def test_scope_allows_its_letters_on_its_type(text: str, type_: str, letter: str, allowed: bool) -> None:  # noqa: FBT001 - a table's column
    assert allows(parse(text), type_, letter) is allowed


def test_every_class_may_what_the_contract_says() -> None:
    assert set(OF_CLASS) == set(CLASSES)
    for partner_class, type_, letters in [
        ("ehr", "ServiceRequest", "cruds"),
        ("hie", "Task", "rs"),
        ("hie", "Claim", ""),
        ("vendor", "Task", "rus"),
        ("vendor", "ServiceRequest", "rs"),
        ("vendor", "Claim", ""),
        ("payer", "Claim", "rs"),
        ("member-app", "Claim", "rs"),
        ("plan", "Claim", "cruds"),
    ]:
        scopes = parse(OF_CLASS[partner_class])
        assert {letter for letter in "cruds" if allows(scopes, type_, letter)} == set(letters)


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("system/Task.rs", "system/*.cruds", "system/Task.rs"),
        ("system/Task.read", "system/*.cruds", "system/Task.read"),  # in the notation asked
        ("system/Task.cruds", "system/Task.rs", "system/Task.rs"),
        ("system/Task.*", "system/Task.rs", "system/Task.rs"),
        ("system/*.rs", "system/Task.rus system/ServiceRequest.rs", "system/Task.rs system/ServiceRequest.rs"),
        ("system/*.rs", "system/*.cruds", "system/*.rs"),
        ("system/Task.rs", "system/Task.r system/Task.s", "system/Task.rs"),
        ("system/Claim.rs", "system/Task.rs", ""),
        ("system/Task.sr system/Task.r", "system/*.cruds", "system/Task.r"),
        ("system/Task.rs?status=accepted", "system/*.cruds", ""),
        ("user/Task.rs patient/Task.rs", "system/*.cruds", ""),
        ("system/Task.rs", "patient/*.cruds", ""),  # what was registered for another context
        ("system/Task.r system/Task.r", "system/*.r", "system/Task.r"),
    ],
)
def test_grant_is_never_more_than_registered(requested: str, registered: str, granted: str) -> None:
    assert grant(requested, registered, SYSTEM) == granted


def test_reviewer_may_come_as_a_user() -> None:
    assert grant("user/Task.r", "system/*.rs", SYSTEM_OR_USER) == "user/Task.r"


def test_token_issued_before_the_registry_was_narrowed_is_narrowed_with_it() -> None:
    scopes = effective("system/*.cruds", "system/Task.rs", SYSTEM)

    assert allows(scopes, "Task", "r")
    assert not allows(scopes, "Task", "u")
    assert not allows(scopes, "Claim", "r")
