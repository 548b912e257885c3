"""Taking part in a network on a day: by role, by affiliation, up the chain, and within periods."""

from datetime import date

import pytest

from directory.worked import DAY, Worked, directory, provider
from second_opinion.directory import providers
from second_opinion.directory.model import Affiliation, Group, Period, Role
from second_opinion.directory.network import ancestors, organization_participation, role_participation
from second_opinion.directory.stated import PartyKind

BY_GROUP = Role("r", practitioner="p", organization="practice")


def chain(**changes: object) -> Worked:
    """A practice in a group in an IPA that is affiliated with the network."""
    made = Worked(
        groups=[Group("practice", part_of="group"), Group("group", part_of="ipa"), Group("ipa")],
        affiliations_=[Affiliation("a", participating="ipa", networks=("net", "other"))],
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def takes_part(role: Role, lookup: Worked, day: date = DAY) -> bool:
    return role_participation(role, ("net",), day, lookup).takes_part


def test_role_that_names_the_network_takes_part() -> None:
    assert takes_part(Role("r", networks=("else", "net")), Worked())


def test_role_that_names_another_network_does_not() -> None:
    assert not takes_part(Role("r", networks=("else",)), Worked())


def test_role_takes_part_by_the_affiliation_of_what_its_organization_is_part_of() -> None:
    standing = role_participation(BY_GROUP, ("net",), DAY, chain())

    assert standing.takes_part
    assert standing.by == ("PractitionerRole/r", "OrganizationAffiliation/a")


def test_role_without_organization_takes_part_by_nothing_else() -> None:
    assert not takes_part(Role("r"), chain())


def test_affiliation_with_another_network_does_not_count() -> None:
    assert not takes_part(BY_GROUP, chain(affiliations_=[Affiliation("a", participating="ipa", networks=("other",))]))


def test_inactive_affiliation_does_not_count() -> None:
    inactive = Affiliation("a", active=False, participating="ipa", networks=("net",))

    assert not takes_part(BY_GROUP, chain(affiliations_=[inactive]))


def test_inactive_role_does_not_take_part() -> None:
    assert not takes_part(Role("r", active=False, networks=("net",)), Worked())


@pytest.mark.parametrize("inactive", ["practice", "group", "ipa"])
def test_organization_no_longer_active_carries_nobody_into_the_network(inactive: str) -> None:
    lookup = chain()
    lookup.groups = [Group(each.id, active=each.id != inactive, part_of=each.part_of) for each in lookup.groups]

    assert not takes_part(BY_GROUP, lookup)


PERIOD = Period(date(2026, 3, 2), date(2026, 3, 5))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 1), False),
        (date(2026, 3, 2), True),
        (date(2026, 3, 5), True),
        (date(2026, 3, 6), False),
    ],
)
class TestPeriods:
    def test_role_counts_from_its_first_to_its_last_day(self, day: date, expected: bool) -> None:  # noqa: FBT001 - a case's expected answer
        assert takes_part(Role("r", networks=("net",), period=PERIOD), Worked(), day) is expected

    def test_affiliation_counts_from_its_first_to_its_last_day(self, day: date, expected: bool) -> None:  # noqa: FBT001 - a case's expected answer
        affiliation = Affiliation("a", participating="ipa", networks=("net",), period=PERIOD)

        assert takes_part(BY_GROUP, chain(affiliations_=[affiliation]), day) is expected


def test_open_ends_of_a_period_hold_for_ever() -> None:
    assert Period(None, DAY).covers(date.min)
    assert Period(DAY, None).covers(date.max)


def test_reason_names_a_contract_of_another_day_rather_than_none() -> None:
    past = Affiliation("a", participating="ipa", networks=("net",), period=Period(None, date(2025, 12, 31)))

    standing = role_participation(BY_GROUP, ("net",), DAY, chain(affiliations_=[past]))

    assert standing.why == "the affiliation is not in force on the day"


def test_circle_of_organizations_ends_the_climb() -> None:
    lookup = Worked(groups=[Group("a", part_of="b"), Group("b", part_of="c"), Group("c", part_of="a")])

    assert ancestors("a", lookup) == ("a", "b", "c")
    assert not organization_participation("a", ("net",), DAY, lookup).takes_part


def test_organization_part_of_itself_ends_the_climb() -> None:
    assert ancestors("a", Worked(groups=[Group("a", part_of="a")])) == ("a",)


def test_organization_that_is_part_of_one_not_loaded_is_climbed_to_it() -> None:
    lookup = Worked(
        groups=[Group("practice", part_of="missing")],
        affiliations_=[Affiliation("a", participating="missing", networks=("net",))],
    )

    assert takes_part(BY_GROUP, lookup)


def test_provider_takes_part_by_any_of_its_roles() -> None:
    lookup = directory()
    lookup.roles.append(Role("r-second", practitioner="outsider", networks=("net",)))

    found = providers.find(provider("outsider"), lookup)

    assert providers.participation(found, ("net",), DAY, lookup).by == ("PractitionerRole/r-second",)


def test_role_of_ours_that_the_request_names_is_judged_alone() -> None:
    lookup = directory()
    lookup.roles.append(Role("r-second", practitioner="outsider", networks=("net",)))

    found = providers.find(provider("outsider", own_reference="PractitionerRole/r-outsider"), lookup)

    assert not providers.participation(found, ("net",), DAY, lookup).takes_part


def test_reference_that_contradicts_the_npi_beside_it_is_the_senders_own() -> None:
    found = providers.find(provider("rival", own_reference="Practitioner/outsider"), directory())

    assert found.reference == "Practitioner/rival"


def test_organization_takes_part_by_an_active_role_or_affiliation_of_its_own() -> None:
    lookup = chain(roles=[Role("r", organization="other", networks=("net",))])
    lookup.groups.append(Group("other"))

    for organization in ("ipa", "practice", "other"):
        party = provider("x", kind=PartyKind.ORGANIZATION, npis=(), own_reference=f"Organization/{organization}")
        found = providers.find(party, lookup)
        assert providers.participation(found, ("net",), DAY, lookup).takes_part, organization


def test_organization_without_role_or_affiliation_does_not_take_part() -> None:
    party = provider("x", kind=PartyKind.ORGANIZATION, npis=(), own_reference="Organization/alone")
    lookup = Worked(groups=[Group("alone")])

    standing = providers.participation(providers.find(party, lookup), ("net",), DAY, lookup)

    assert not standing.takes_part
