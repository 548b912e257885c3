"""What the reading routes need of the desk they are given."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from second_opinion.access.caller import Caller
from second_opinion.api.cursors import Cursors
from second_opinion.settings import Settings
from second_opinion.store.query import Query, Visibility
from second_opinion.store.stored import Page, Stored


class Kept(Protocol):
    """The store, as far as it is read here; everything is filtered by what the caller may see."""

    def read(self, kind: str, ident: str, visibility: Visibility, version: int | None = None, /) -> Stored | None:
        """The current version of one resource, or the one asked for."""

    def history(
        self,
        kind: str,
        ident: str | None,
        visibility: Visibility,
        count: int,
        after: tuple[Any, ...] | None,
        since: datetime | None = None,
        /,
    ) -> Page:
        """Versions of one resource, or of all of a type, newest first."""

    def search(self, query: Query, visibility: Visibility, /) -> Page:
        """One page of what a search finds."""

    def by_reference(self, references: Sequence[str], visibility: Visibility, /) -> list[Stored]:
        """The resources that ``Type/id`` name."""

    def referring(
        self, kind: str, parameter: str, references: Sequence[str], visibility: Visibility, /
    ) -> list[Stored]:
        """The resources of a type whose parameter points at one of ``Type/id``."""


class Shelf(Protocol):
    """The desk, as far as reading needs it."""

    @property
    def settings(self) -> Settings:
        """Where this service is."""

    @property
    def store(self) -> Kept:
        """What is kept."""

    @property
    def cursors(self) -> Cursors:
        """How pages go on."""

    @property
    def identify(self) -> Callable[[str | None], Caller]:
        """Who sends an Authorization header."""

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock of cases."""

    @property
    def definitions(self) -> Sequence[dict[str, Any]]:
        """Every conformance resource this server publishes."""

    @property
    def capability(self) -> bytes:
        """The CapabilityStatement."""
