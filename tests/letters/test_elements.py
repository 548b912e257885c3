"""Every element of the merged denial notice, read back from the printed letters."""

from datetime import date
from typing import Any

import pytest

from letters.printed import folded, of, printed
from letters.samples import DENIED, LETTERHEAD, RATIONALE, WORDINGS, expired, letter
from second_opinion.cases.notices import ENCLOSURES, Addressee, NoticeKind
from second_opinion.letters.letter import Decision, IncompleteLetter, Party

STATEMENT = (  # H&S 1368.02(b), word for word, with the plan's number
    "The California Department of Managed Health Care is responsible for regulating health care service plans. If you "
    "have a grievance against your health plan, you should first telephone your health plan at 1-209-942-6320 and use "
    "your health plan's grievance process before contacting the department. Utilizing this grievance procedure does "
    "not prohibit any potential legal rights or remedies that may be available to you. If you need help with a "
    "grievance involving an emergency, a grievance that has not been satisfactorily resolved by your health plan, or a "
    "grievance that has remained unresolved for more than 30 days, you may call the department for assistance. You may "
    "also be eligible for an Independent Medical Review (IMR). If you are eligible for IMR, the IMR process will "
    "provide an impartial review of medical decisions made by a health plan related to the medical necessity of a "
    "proposed service or treatment, coverage decisions for treatments that are experimental or investigational in "
    "nature and payment disputes for emergency or urgent medical services. The department also has a toll-free "
    "telephone number (1-888-466-2219) and a TDD line (1-877-688-9891) for the hearing and speech impaired. The "
    "department's internet website www.dmhc.ca.gov has complaint forms, IMR application forms, and instructions online."
)
ELEMENTS = {  # regulation's number of the element → what must be read in the letter
    "1 letterhead": "7751 South Manthey Road",
    "1 date mailed": "Date mailed: March 5, 2026",
    "1 member": "Alder Testmember",
    "1 member's address": "100 Example Street, Apartment 4",
    "1 treating provider": "Sam Testclinician, MD",
    "1 treating provider's address": "200 Example Avenue",
    "1 case number": "SMO-2026-000124",
    "1 service": "Second opinion with Outside Testspecialist, MD (Orthopaedic surgery)",
    "3 reason": RATIONALE["en"],
    "4 rule": "our policy “Second Medical Opinion.” State law has the same rights in Health and Safety Code section "
    "1383.15",
    "4 explained": "Part II.D: If no doctor in our network can see you, we approve a doctor outside of it.",
    "4 criteria": "The materials provided to you are guidelines used by this plan to authorize, modify, or deny care "
    "for persons with similar illnesses or conditions.",
    "5 what was not met": "This part of the rule was not met.",
    "6 offered": "Ines Testdoctor, MD",
    "6 phone": "209-555-0150",
    "6 first appointment": "March 11, 2026 at 9:30 a.m.",
    "6 ride": "Do you need a ride? We can get you one for free.",
    "7 copies": "free copies of all the papers we used to decide",
    "8 expert": "You can ask us if we did, and who it was.",
    "9 terminal illness": "You can ask us what other care we cover.",
    "10 appeal": "You have 60 days from the date of this letter to ask. The last day is May 4, 2026.",
    "10 helped by": "your doctor, or a lawyer can also ask for you",
    "11 grievance": "You can file a grievance",
    "12 expedited appeal": "we will answer within 72 hours",
    "13 continuing benefits": "within 10 days of the day this letter was mailed",
    "14 state hearing": "120 days",
    "14 hearing phone": "1-800-743-8525 (TDD 1-800-952-8349)",
    "14 hearing address": "State Hearings Division P.O. Box 944243, MS 9-17-37 Sacramento, CA 94244-2430",
    "14 hearing fax": "916-651-2789",
    "15 independent medical review": "within 6 months of our answer to your appeal",
    "16 statement": STATEMENT,
    "17 signed": "Medical Director",
    "18 ombudsman": "1-888-452-8609",
    "19 your rights": "Your Rights",
    "19 nondiscrimination": "Notice of Nondiscrimination",
    "19 language notice": "Notice of Free Language Help",
    "21 formats": "in large print, in braille",
}


@pytest.mark.parametrize("to", Addressee)
@pytest.mark.parametrize("kind", [NoticeKind.DENIAL, NoticeKind.MODIFICATION])
@pytest.mark.parametrize("element", ELEMENTS)
def test_a_denial_and_a_modification_say_it_on_both_copies(kind: NoticeKind, to: Addressee, element: str) -> None:
    assert folded(ELEMENTS[element]) in printed(kind, to).words


@pytest.mark.parametrize(
    ("kind", "action"),
    [(NoticeKind.DENIAL, "we denied this request"), (NoticeKind.MODIFICATION, "we changed this request")],
)
@pytest.mark.parametrize("to", Addressee)
def test_the_action_is_said(kind: NoticeKind, to: Addressee, action: str) -> None:
    assert action in printed(kind, to).words


def test_a_modification_says_what_was_approved() -> None:
    words = printed(NoticeKind.MODIFICATION).words

    assert "Your approval number is AUTH-2026-000124. You can use it from March 5, 2026 to June 3, 2026." in words
    assert "Number of visits 1" in words


@pytest.mark.parametrize("kind", [NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.DELAY])
@pytest.mark.parametrize("language", WORDINGS)
def test_only_the_providers_copy_names_the_decider_and_a_direct_phone(kind: NoticeKind, language: str) -> None:
    provider, member = printed(kind, Addressee.PROVIDER, language).words, printed(kind, language=language).words

    assert "Robin Testreviewer, MD" in provider
    assert "209-555-0199" in provider
    assert "Testreviewer" not in member
    assert "209-555-0199" not in member


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_letter_that_offers_the_grievance_carries_the_statement(kind: NoticeKind) -> None:
    words = printed(kind).words

    assert ("grievance" in words) == (STATEMENT in words)


@pytest.mark.parametrize("language", WORDINGS)
@pytest.mark.parametrize("to", Addressee)
def test_the_four_contact_items_of_the_statement_are_bold_in_twelve_points(language: str, to: Addressee) -> None:
    fonts = printed(NoticeKind.DENIAL, to, language).fonts
    items = (LETTERHEAD.statement_phone, LETTERHEAD.dmhc_phone, LETTERHEAD.dmhc_tdd, LETTERHEAD.dmhc_website)

    for item in items:
        assert (item, True, 12.0) in fonts


def test_the_rest_of_the_statement_is_in_regular_type() -> None:
    fonts = printed().fonts
    start = next(place for place, (words, *_) in enumerate(fonts) if words.startswith("The California Department"))
    statement = fonts[start : start + 25]

    assert {words for words, bold, _ in statement if bold and not words.startswith("Other")} == {
        "1-209-942-6320",
        "1-888-466-2219",
        "1-877-688-9891",
        "www.dmhc.ca.gov",
    }


@pytest.mark.parametrize("outdated", ["HMO-2219", "hmohelp", "1-800-952-5253"])
@pytest.mark.parametrize("language", WORDINGS)
def test_no_outdated_number_or_address_is_printed(outdated: str, language: str) -> None:
    assert outdated not in printed(language=language).words


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("to", Addressee)
@pytest.mark.parametrize("language", WORDINGS)
def test_nothing_is_printed_smaller_than_twelve_points(kind: NoticeKind, to: Addressee, language: str) -> None:
    assert min(size for *_, size in printed(kind, to, language).fonts) >= 12


@pytest.mark.parametrize("language", WORDINGS)
def test_the_reviewers_words_stand_in_the_language_of_the_letter(language: str) -> None:
    words = printed(language=language).words

    assert [each for each in RATIONALE if folded(RATIONALE[each]) in words] == [language]


def test_no_braces_and_no_stars_are_left_over() -> None:
    for kind in NoticeKind:
        for language in WORDINGS:
            assert not {"{", "}", "*"} & set(printed(kind, language=language).words)


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("code", ["II.D:", "II.B:"])
def test_a_clause_is_explained_and_never_stands_bare(kind: NoticeKind, code: str) -> None:
    words = printed(kind).words

    assert words.count(code.rstrip(":")) == words.count(f"Part {code}")


@pytest.mark.parametrize("code", ["207X00000X", "in-network-equivalent-available", "A3", "A6", "NOABD", "OON", "UM 01"])
@pytest.mark.parametrize("to", Addressee)
def test_no_bare_code_and_no_acronym_of_the_trade_is_printed(code: str, to: Addressee) -> None:
    assert code not in printed(to=to).words


def test_a_clause_without_words_of_its_own_is_cited_as_it_stands() -> None:
    decision = Decision(DENIED.reasons, DENIED.rationale, ("III.A",), DENIED.offered)

    assert "The policy, part III.A." in of(letter(decision=decision)).words


def test_a_request_nobody_decided_in_time_is_told_as_the_law_puts_it() -> None:
    words = of(expired()).words

    assert "When we do not decide in time, the law says that your request is denied." in words
    assert "438.404(c)(5)" in words
    assert STATEMENT in words


@pytest.mark.parametrize("kind", [NoticeKind.DENIAL, NoticeKind.MODIFICATION])
def test_an_answer_to_an_appeal_leads_to_the_hearing_and_not_to_another_appeal(kind: NoticeKind) -> None:
    words = of(letter(kind, answers_appeal=True)).words

    assert "This is our answer to your appeal" in words
    assert "You can ask for a State Hearing" in words
    assert "You can ask for an appeal" not in words
    assert "You can ask for a fast appeal" not in words
    assert STATEMENT in words


def test_what_a_person_wrote_is_never_read_as_markup() -> None:
    hostile = "#panic() *bold* {phone} <script>alert(1)</script> $x$ **loud**"
    decision = Decision(DENIED.reasons, {"en": hostile}, DENIED.clauses, DENIED.offered)

    assert hostile in of(letter(decision=decision)).words


def test_a_draft_says_that_it_was_not_mailed() -> None:
    assert "Date mailed: Not mailed yet. This is a draft." in of(letter(mailed_on=None, decider=None)).words


def test_an_address_that_is_not_to_be_shown_is_not_on_the_providers_copy() -> None:
    words = of(letter(to=Addressee.PROVIDER, member=Party("Alder Testmember"))).words

    assert "Alder Testmember" in words
    assert "100 Example Street" not in words


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ({"decision": None}, "a decision"),
        ({"decision": Decision((), DENIED.rationale, DENIED.clauses)}, "a coded reason"),
        ({"decision": Decision(DENIED.reasons, {}, DENIED.clauses)}, "a rationale"),
        ({"decision": Decision(DENIED.reasons, DENIED.rationale, ())}, "a clause"),
        ({"decider": None}, "the decider"),
        ({"appeal_by": None}, "the day the appeal ends"),
    ],
)
def test_a_denial_that_lacks_something_cannot_be_made(lacking: dict[str, Any], named: str) -> None:
    with pytest.raises(IncompleteLetter, match=named):
        letter(**lacking)


def test_only_notices_of_action_name_enclosures() -> None:
    for kind in NoticeKind:
        titles = [WORDINGS["en"].enclosures[name] for name in ENCLOSURES]
        assert all(title in printed(kind).words for title in titles) == kind.is_adverse


def test_dates_are_written_in_words_of_the_language() -> None:
    assert WORDINGS["en"].day(date(2026, 1, 9)) == "January 9, 2026"
    assert WORDINGS["es"].day(date(2026, 12, 31)) == "31 de diciembre de 2026"
