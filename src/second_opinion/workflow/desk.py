"""The desk: the one frozen bundle of parts every story is told with, built in app.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from second_opinion.access.caller import Identify
from second_opinion.access.sealing import Seal
from second_opinion.cases.calendar import Calendar
from second_opinion.cases.timeframes import TimeFrames
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.post import Post
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.letters.stationery import Stationery
from second_opinion.review.policy import Policy
from second_opinion.review.reasons import DeterminationReason
from second_opinion.review.ride_rules import RideRules
from second_opinion.review.sensitive import Sensitive
from second_opinion.review.tables import Tables
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store


@dataclass(frozen=True)
class Desk:
    """Everything a use case works with; nothing in it changes while the service runs."""

    settings: Settings
    store: Store
    policy: Policy
    reasons: tuple[DeterminationReason, ...]  # the plan's codes of determination-reason
    stationery: Stationery  # the plan's letterhead and the wording of its letters
    tables: Tables  # specialty equivalence, primary care, other systems
    sensitive: Sensitive  # conditions whose very existence is protected
    rides: RideRules  # which rides wait for the physician's certification
    frames: TimeFrames
    calendar: Calendar
    vocabulary: Vocabulary
    directory: StoredDirectory
    now: Callable[[], datetime]  # the clock of cases; tokens and retries use real time
    calls: Calls  # whatever is called outside; only stories of the background do
    post: Post  # messages to others
    seal: Seal  # of secrets partners give us
    identify: Identify  # who sends this Authorization header
