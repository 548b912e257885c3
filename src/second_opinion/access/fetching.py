"""How access asks others, key sets and introspection; whoever builds the service gives the way (delivery's calls)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from second_opinion.errors import SecondOpinionError


class NoAnswer(SecondOpinionError):
    """An address could not be asked, or may not be."""


@dataclass(frozen=True)
class Fetched:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


Fetch = Callable[[str], Fetched]
"""What is at an address; NoAnswer where nothing answers in time or nothing may be asked there."""

Post = Callable[[str, Mapping[str, str], tuple[str, str]], Fetched]
"""The answer to a form, sent with a name and secret; as ``Fetch``."""
