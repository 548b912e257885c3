"""Which texts a language must bring, and what may be filled into each: the law's list, not the translator's."""

from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.cases.notices import NoticeKind

WITHOUT_AUTHORIZATION = "no-authorization-required"  # an approval's title and opening where none was needed
EXPIRED = "expired"  # a denial's opening where nobody decided in time

LABELS = (
    "page",
    "notice_of_action",
    "date_mailed",
    "not_mailed",
    "member",
    "doctor",
    "case",
    "letter",
    "service",
    "asked",
    "provider_copy",
    "dear",
    "sincerely",
    "signed",
    "signed_computer",
    "decided_by",
    "direct_phone",
    "phone",
    "doctor_name",
    "specialty",
    "first_visit",
    "visits",
    "call_for_visit",
    "write_to",
    "call",
    "fax",
    "enclosed",
)
SERVICES = ("doctor_and_specialty", "doctor", "specialty", "plain")
TITLES = (*NoticeKind, WITHOUT_AUTHORIZATION)
OPENINGS = (*TITLES, EXPIRED)
SECTIONS = (
    "reason",
    "expired-reason",
    "rule",
    "expired-rule",
    "approved",
    "considered",
    "none-considered",
    "copies",
    "expert",
    "terminal",
    "appeal-answer",
    "appeal-granted",
    "appeal",
    "expedited",
    "continuing",
    "grievance",
    "grieve-delay",
    "grieve-urgency",
    "hearing",
    "imr",
    "statement",
    "ombudsman",
    "help",
    "missing",
    "questions",
    "explanation",
    "granted",
    "eligibility",
    "choices",
    "next",
    "ask-again",
    "ride-refused",
    "ride-other-way",
    "ride-other-time",
    "ride-next",
    "grieve-ride",
    "decider",
    "member-text",
)
OTHER_RIDE = "other"
RIDES = (  # codes of transport-mode, and what any other is called
    "nmt-taxi",
    "nmt-rideshare",
    "nmt-bus",
    "nmt-mileage",
    "nemt-wheelchair-van",
    "nemt-litter-van",
    "nemt-ambulance",
    "nemt-air",
    OTHER_RIDE,
)
JUSTIFICATIONS = ("member-asked", "provider-asked", "member-interest")
GENERIC = "generic"  # how a clause without words of its own is cited

STATEMENT_ITEMS = ("statement_phone", "dmhc_phone", "dmhc_tdd", "dmhc_website")  # bold by H&S 1368.02(b)
CONTACT = ("plan", "phone", "tty", "website", "address", "ombudsman", *STATEMENT_ITEMS)

MAY_FILL: Mapping[str, tuple[str, ...]] = MappingProxyType(  # key → what may stand in braces there
    {
        "date": ("day", "month", "year"),
        "time": ("date", "hour", "minute", "half"),
        "labels.page": ("page", "pages"),
        "labels.dear": ("name",),
        "services.doctor_and_specialty": ("doctor", "specialty"),
        "services.doctor": ("doctor",),
        "services.specialty": ("specialty",),
        "sections.approved": (*CONTACT, "authorization", "first_day", "last_day"),
        "sections.granted": (*CONTACT, "authorization", "first_day", "last_day"),
        "sections.appeal": (*CONTACT, "appeal_by"),
        "sections.missing": (*CONTACT, "until"),
        "sections.questions": (*CONTACT, "answer_by"),
        "sections.ride-other-way": (*CONTACT, "ride_asked", "ride_offered"),
        "sections.ride-other-time": (*CONTACT, "visit"),
    }
    | {f"opening.{who}.{name}": (*CONTACT, "decided") for who in ("member", "provider") for name in OPENINGS}
    | {f"opening.{who}.{NoticeKind.URGENCY_CHANGED}": (*CONTACT, "due") for who in ("member", "provider")}
    | {
        f"sections.{name}": CONTACT
        for name in SECTIONS
        if name not in {"approved", "granted", "appeal", "missing", "questions", "ride-other-way", "ride-other-time"}
    }
)
