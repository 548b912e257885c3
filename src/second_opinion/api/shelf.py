"""What the reading routes need of the desk they are given."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from second_opinion.access.caller import Identify
from second_opinion.access.sealing import Seal
from second_opinion.api.cursors import Cursors
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store


class Shelf(Protocol):
    """The desk, as far as reading needs it."""

    @property
    def settings(self) -> Settings:
        """Where this service is."""

    @property
    def store(self) -> Store:
        """What is kept."""

    @property
    def cursors(self) -> Cursors:
        """How pages go on."""

    @property
    def identify(self) -> Identify:
        """Who sends an Authorization header."""

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock of cases."""

    @property
    def seal(self) -> Seal:
        """Of secrets partners give us."""

    @property
    def definitions(self) -> Sequence[dict[str, Any]]:
        """Every conformance resource this server publishes."""

    @property
    def capability(self) -> bytes:
        """The CapabilityStatement."""

    @property
    def older_capability(self) -> bytes:
        """That of the base for clients of PAS 2.0."""
