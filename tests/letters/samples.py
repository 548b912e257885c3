"""Synthetic letters, one of each kind; every name, address and number of a person is invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from second_opinion.cases.notices import Addressee, NoticeKind, RideChange
from second_opinion.letters import letterhead as heads
from second_opinion.letters import wording as words
from second_opinion.letters.blocks import Document
from second_opinion.letters.compose import compose
from second_opinion.letters.letter import Asked, Decider, Decision, Doctor, Extension, Grant, Letter, Party, RideTold
from second_opinion.review import policy, reasons

HPSJ = policy.folder("hpsj")
REASONS = tuple(each.code for each in reasons.load(HPSJ / reasons.FILE))
WORDINGS = words.load_all(HPSJ, REASONS)
LETTERHEAD = heads.load(HPSJ / heads.FILE)
AT = datetime(2026, 3, 5, 19, 30, tzinfo=UTC)

OFFERED = (
    Doctor("Ines Testdoctor, MD", "207X00000X", "Orthopaedic surgery", "209-555-0150", datetime(2026, 3, 11, 9, 30)),  # noqa: DTZ001 - local
    Doctor(
        "Harbor Bone and Joint Clinic (synthetic)", "207XS0117X", "Orthopaedic surgery of the spine", "209-555-0151"
    ),
)
RATIONALE = {
    "en": "You asked to see a knee doctor outside of our network. Two knee doctors in it can see you next week.",
    "es": "Usted pidió ver a un doctor de la rodilla fuera de nuestra red. Dos doctores de nuestra red pueden verle.",
}
DENIED = Decision(("in-network-equivalent-available",), RATIONALE, ("II.D", "II.B"), OFFERED)
DECIDER = Decider("Robin Testreviewer, MD", "209-555-0199")
BY_KIND: dict[NoticeKind, dict[str, Any]] = {
    NoticeKind.DENIAL: {"decision": DENIED, "decider": DECIDER, "appeal_by": date(2026, 5, 4)},
    NoticeKind.MODIFICATION: {
        "decision": DENIED,
        "decider": DECIDER,
        "appeal_by": date(2026, 5, 4),
        "grant": Grant("AUTH-2026-000124", date(2026, 3, 5), date(2026, 6, 3), OFFERED[0], "1"),
    },
    NoticeKind.DELAY: {
        "decider": DECIDER,
        "decision": Decision(("more-time-needed",), {"en": "We asked the clinic for your pictures. They come soon."}),
        "extension": Extension(
            date(2026, 3, 23), ("The pictures of your knee", "The notes of the last visit"), "member-interest"
        ),
    },
    NoticeKind.APPROVAL: {
        "decision": Decision(("no-in-network-equivalent",)),
        "grant": Grant("AUTH-2026-000124", date(2026, 3, 5), date(2026, 6, 3)),
        "depends_on_eligibility": True,
    },
    NoticeKind.INFORMATION: {
        "asked": Asked((("reason", "Why does the member want a second opinion?"),), date(2026, 3, 6)),
    },
    NoticeKind.WITHDRAWAL: {},
    NoticeKind.URGENCY_CHANGED: {
        "decision": Decision((), {"en": "Your knee is stable. It is safe to wait for the normal time."}),
        "decider": DECIDER,
        "due_on": date(2026, 3, 9),
    },
    NoticeKind.RIDE_CHANGED: {"ride": RideTold(RideChange.REFUSED, "nemt-wheelchair-van")},
}


def letter(kind: NoticeKind = NoticeKind.DENIAL, to: Addressee = Addressee.MEMBER, **changes: Any) -> Letter:
    """A letter of this kind; each test varies one thing."""
    made = Letter(
        kind=kind,
        addressee=to,
        number="NOA-2026-000124-1",
        case_number="SMO-2026-000124",
        received_on=date(2026, 3, 2),
        decided_on=date(2026, 3, 5),
        mailed_on=date(2026, 3, 5),
        member=Party("Alder Testmember", ("100 Example Street, Apartment 4", "Stockton, CA 95202")),
        provider=Party(
            "Sam Testclinician, MD", ("Example Clinic (synthetic)", "200 Example Avenue", "Stockton, CA 95204")
        ),
        service=Doctor("Outside Testspecialist, MD", "207X00000X", "Orthopaedic surgery"),
        **BY_KIND[kind],
    )
    return replace(made, **changes)


def expired(to: Addressee = Addressee.MEMBER, **changes: Any) -> Letter:
    """A denial because nobody decided in time."""
    return letter(NoticeKind.DENIAL, to, decision=Decision(expired=True), **changes)


def document(made: Letter, language: str = "en") -> Document:
    """The letter put into words."""
    return compose(made, WORDINGS[language], LETTERHEAD)
