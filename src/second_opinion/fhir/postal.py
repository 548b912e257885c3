"""Names and the lines of addresses as they stand on an envelope, read from the directory's resources."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def name(resource: Json) -> str | None:
    """The name of a person or an organization in words; the official one where there are several."""
    given = resource.get("name")
    if isinstance(given, str):
        return given
    names = [each for each in given or () if each.get("use") not in {"old", "nickname", "maiden"}] or list(given or ())
    chosen: Json = min(names, key=lambda each: each.get("use") != "official", default={})
    if chosen.get("text"):
        return str(chosen["text"])
    words = " ".join((*chosen.get("prefix", ()), *chosen.get("given", ()), *filter(None, (chosen.get("family"),))))
    return ", ".join(filter(None, (words, *chosen.get("suffix", ())))) or None


def lines(address: Json | None) -> tuple[str, ...]:
    """The lines under the name."""
    if address is None:
        return ()
    place = " ".join(filter(None, (address.get("state"), address.get("postalCode"))))
    town = ", ".join(filter(None, (address.get("city"), place)))
    written = tuple(filter(None, (*address.get("line", ()), town)))
    return written or tuple(str(address.get("text", "")).splitlines())


def deceased(patient: Json) -> bool:
    """Whether the member has died."""
    return patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))


def phone(resource: Json) -> str | None:
    """The first telephone number."""
    return next((each.get("value") for each in resource.get("telecom", ()) if each.get("system") == "phone"), None)
