"""What a story of the background raises when it must be told again."""

from datetime import datetime

from second_opinion.errors import SecondOpinionError


class TryAgain(SecondOpinionError):
    """The work could not be done now; ``not_before`` is when it may be tried again at the earliest."""

    def __init__(self, message: str, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.not_before = not_before
