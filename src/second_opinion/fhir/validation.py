"""Validation on the way in: the R4B models of fhir.resources, and what they let through."""

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import ValidationError

from second_opinion.errors import CodeInvalid, InvalidElement, RequiredMissing, SecondOpinionError, UnknownModifier
from second_opinion.fhir import acceptance
from second_opinion.fhir.codes import Json
from second_opinion.fhir.shapes import STRUCTURED, model, shape
from second_opinion.fhir.structure import MOST, MOST_OBJECTS, faults
from second_opinion.fhir.walking import objects

FORMS = {
    "code": "without spaces before, after or twice within",
    "id": "of at most 64 letters, digits, dots and hyphens",
    "date": "that exists: YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "that exists: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone",
    "instant": "that exists: YYYY-MM-DDThh:mm:ss with a zone",
    "time": "that exists: hh:mm:ss",
    "positiveInt": "from 1 to 2147483647",
    "unsignedInt": "from 0 to 2147483647",
}


NOTHING_ELSE: Json = {"id": "entry"}  # stands for an entry that is only its resource


def prepare() -> None:
    """Import and build what requests usually need, so that the first is not slow."""
    acceptance.prepare()


def check(resource: Json, *types: str, understood: Collection[str] = ()) -> None:
    """Raise unless the resource, read by json_body, is one of these types and valid R4.

    InvalidElement 400 for what has the wrong name, type or form; RequiredMissing and CodeInvalid 422 for what is
    absent and for codes outside a required binding; UnknownModifier 422 for implicitRules and for modifier
    extensions whose url is not among those ``understood``.
    """
    named = resource.get("resourceType")
    if named not in types:
        raise InvalidElement(f"resourceType must be {' or '.join(types)}", "$this.resourceType")
    if not acceptance.accepts(resource) or len(objects(resource)) > MOST_OBJECTS:
        examine(resource, understood)


def examine(resource: Json, understood: Collection[str] = ()) -> None:
    """``check``, of a resource that is not plainly valid: its shape, then each resource in it by its model."""
    path = str(resource["resourceType"])
    found = faults(resource, path, path)
    if found.shape:
        raise told(InvalidElement, found.shape)
    for each, place in _apart(resource, path):
        _by_model(each, place)
    if strange := [
        (place, "is a modifier not understood here") for place, url in found.modifiers if url not in understood
    ]:
        raise told(UnknownModifier, strange[:MOST])
    if found.codes:
        raise told(CodeInvalid, found.codes[:MOST])


def told(error: type[SecondOpinionError], wrong: list[tuple[str, str]]) -> SecondOpinionError:
    """One error for several faults: the first in words, each by its place."""
    (place, sentence), *others = wrong
    more = f"; {len(others)} more in what follows" if others else ""
    return error(f"{place} {sentence}{more}", *dict.fromkeys(each for each, _ in wrong))


def _apart(resource: Json, path: str) -> Iterator[tuple[Json, str]]:
    """A Bundle's resources each by itself, then what is around them: the model of a whole Bundle is slower by half."""
    if path != "Bundle":
        yield resource, path
        return
    around = []
    for index, each in enumerate(resource.get("entry", ())):
        if "resource" in each:
            yield each["resource"], f"{path}.entry[{index}].resource"
        around.append({name: value for name, value in each.items() if name != "resource"} or NOTHING_ELSE)
    yield resource | ({"entry": around} if around else {}), path


def _by_model(resource: Json, path: str) -> None:
    try:
        model(resource["resourceType"]).model_validate(resource)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_context=False, include_input=False)
        # Names were judged by shape, which knows the companions of extension values that the models lack.
        _refuse([each for each in errors if each["type"] != "extra_forbidden"], resource, path)
    except Exception as failed:
        # Whatever the library trips over is in the body; a caller can mend it, and nothing has been stored.
        raise InvalidElement("The resource cannot be read as FHIR R4", path) from failed


def _refuse(errors: list[Any], resource: Json, path: str) -> None:
    wrong: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    for each in errors[:MOST]:
        place, of = _place(each["loc"], resource, path)
        if each["type"].endswith("missing"):
            missing.append((place, "is required"))
        else:
            wrong.append((place, _form(of)))
    if wrong:
        raise told(InvalidElement, list(dict.fromkeys(wrong)))
    if missing:
        raise told(RequiredMissing, list(dict.fromkeys(missing)))


def _form(type_name: str | None) -> str:
    if type_name is None:
        return "does not have the form FHIR R4 gives it, or lacks an element it needs"
    return f"must be a FHIR {type_name} {FORMS.get(type_name, 'in the form R4 gives it')}"


def _place(location: tuple[int | str, ...], resource: Json, path: str) -> tuple[str, str | None]:
    """FHIRPath of a pydantic location, and the primitive type there; tags of unions and validators fall away."""
    value: Any = resource
    of = str(resource["resourceType"])
    primitive: str | None = None
    for step in location:
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            value, path = value[step], f"{path}[{step}]"
            continue
        name = str(step).removesuffix("_fhir")
        name = f"_{name.removesuffix('__ext')}" if name.endswith("__ext") else name
        if isinstance(value, dict):
            of = str(value.get("resourceType", of))
            element = shape(of).elements.get(name)
            if element is None:
                continue
            path += f".{element.choice or name.removeprefix('_')}"
            primitive = None if element.kind in STRUCTURED else element.of
            value, of = value.get(name), element.of
    return path, primitive
