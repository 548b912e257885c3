"""What this server publishes about itself: its codes, extensions, operations, search parameters and the policy."""

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions.extensions import extensions
from second_opinion.fhir.definitions.operations import operations, search_parameters
from second_opinion.fhir.definitions.plan import PublishedPolicy, plan_definition
from second_opinion.fhir.definitions.terminology import code_systems, value_sets

__all__ = ["PublishedPolicy", "definitions"]


def definitions(vocabulary: Vocabulary, *policies: PublishedPolicy) -> list[Json]:
    """Every published definition; ids are the last part of each canonical URL."""
    return [
        *code_systems(vocabulary),
        *value_sets(vocabulary),
        *extensions(vocabulary),
        *operations(vocabulary),
        *search_parameters(vocabulary),
        *(plan_definition(vocabulary, policy) for policy in policies),
    ]
