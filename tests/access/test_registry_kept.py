"""The registry on the real store: what one process changes, the others see on their next request."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from second_opinion.access import registry
from second_opinion.access.caller import identify, token
from second_opinion.access.issuer import Issuer
from second_opinion.errors import Duplicate, NotFound, Unauthorized
from second_opinion.store.keeping import Store

NPI = "1234567893"


@pytest.fixture
def two_stores(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two openings of one database, as two processes have."""
    with ExitStack() as opened:
        first, second = (opened.enter_context(closing(Store(f"sqlite:///{tmp_path / 'kept.db'}"))) for _ in range(2))
        first.upgrade()
        yield first, second


def test_partner_disabled_in_one_process_is_out_in_the_other(two_stores: tuple[Store, Store], issuer: Issuer) -> None:
    here, there = two_stores
    registry.add_partner(here, "clinic", partner_class="ehr", organization=NPI, npis=("1245319599",))
    header = f"Bearer {token(there, issuer, 'clinic')}"

    before = identify(header, issuer, there)
    registry.set_active(here, "partner", "clinic", active=False)
    with pytest.raises(Unauthorized):
        identify(header, issuer, there)
    registry.set_active(here, "partner", "clinic", active=True)

    assert before.npis == ("1245319599",)
    assert identify(header, issuer, there) == before


def test_id_is_taken_for_partners_and_reviewers_of_every_process(two_stores: tuple[Store, Store]) -> None:
    here, there = two_stores
    registry.add_partner(here, "same", partner_class="ehr", organization=NPI)

    with pytest.raises(Duplicate):
        registry.add_partner(there, "same", partner_class="plan", organization=NPI)
    with pytest.raises(Duplicate):
        registry.add_reviewer(there, "same", name="Teststaff Elm", kind="network-staff")

    assert registry.listing(there, "partner") == [f"same  ehr  {NPI}"]
    assert registry.listing(there, "reviewer") == []


def test_switching_nobody_is_told_so(two_stores: tuple[Store, Store]) -> None:
    with pytest.raises(NotFound):
        registry.set_active(two_stores[0], "partner", "absent", active=False)
