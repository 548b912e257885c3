"""What the command line asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from .clients import Load
from .figures import Run


@dataclass(frozen=True)
class Options:
    """How long, how many."""

    seconds: float  # of one round
    rounds: int
    clients: int
    cases: int  # stored, for the reads of a large database
    members: int  # of the directory that is loaded for time and memory
    providers: int

    def rounds_of(self, loads: Sequence[Load], clients: int) -> list[list[Run]]:
        """Each load's runs; they take turns, so that whatever slows the machine slows them alike."""
        runs = [[load.drive(clients, self.seconds) for load in loads] for _ in range(self.rounds)]
        return [list(each) for each in zip(*runs, strict=True)]
