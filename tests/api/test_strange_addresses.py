"""What no id can be is simply not there, at every door, on each kind of database."""

from pathlib import Path

import small_directory
from desks import FHIR, service


def test_an_address_no_resource_can_have_is_not_found(tmp_path: Path, database_url: str) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=database_url) as harbor:
        plan, doctor = harbor.partner("plan", kind="plan"), harbor.reviewer("doctor")
        for ident in ("%00", "a%00b", "x" * 70, "..%2f..", "1'--", "%F0%9F%92%89"):
            assert plan.client.get(f"/fhir/Task/{ident}").status_code == 404, ident
            for caller, operation in ((doctor, "$record-determination"), (plan, "$appeal"), (plan, "$add-information")):
                answered = caller.client.post(f"/fhir/Task/{ident}/{operation}", data=b"{}", content_type=FHIR)
                assert answered.status_code == 404, (ident, operation)
