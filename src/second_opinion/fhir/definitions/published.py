"""What every published definition starts with."""

from second_opinion.fhir.codes import Json, Vocabulary

VERSION = "1.0.0"  # of our definitions; raised when a code or element changes its meaning


def published(vocabulary: Vocabulary, type_name: str, ident: str, title: str, description: str) -> Json:
    """The common head: type, id, canonical URL, version, names, status."""
    return {
        "resourceType": type_name,
        "id": ident,
        "url": f"{vocabulary.canonical}/{type_name}/{ident}",
        "version": VERSION,
        "name": "".join(part.capitalize() for part in ident.split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "description": description,
    }
