"""Letters can be read by everyone: tagged PDF, sound HTML, and English a sixth-grader understands."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import pytest

from letters.printed import folded, printed
from letters.reading_level import grade
from letters.samples import AT, WORDINGS, document, expired, letter
from second_opinion.cases.notices import Addressee, NoticeKind
from second_opinion.letters import html, pdf

SIXTH = 6.0


class Page(HTMLParser):
    """What a page is made of, and the prose in its paragraphs and lists."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.language: str | None = None
        self.prose: list[str] = []
        self._inside: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "br":
            self.handle_data(" ")
        if tag == "html":
            self.language = dict(attributes)["lang"]
        if tag in {"p", "li"} and dict(attributes).get("class") != "statement":  # the law words the statement
            self._inside = tag
            self.prose.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.prose[-1] += data


def page(kind: NoticeKind, to: Addressee = Addressee.MEMBER, language: str = "en") -> Page:
    """The sample letter as a page."""
    return Page(html.render(document(letter(kind, to), language)).decode())


@pytest.mark.parametrize("kind", NoticeKind)
def test_english_letters_to_members_read_at_sixth_grade_level(kind: NoticeKind) -> None:
    assert grade(page(kind).prose) < SIXTH


def test_the_letter_of_an_expired_request_reads_at_sixth_grade_level() -> None:
    assert grade(Page(html.render(document(expired())).decode()).prose) < SIXTH


def test_the_measure_tells_hard_text_from_easy_text() -> None:
    assert grade(["The cat sat on the mat. It was glad."]) < 2
    assert (
        grade(["Utilizing administrative procedures notwithstanding contractual provisions necessitates deliberation."])
        > 12
    )


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("to", Addressee)
@pytest.mark.parametrize("language", WORDINGS)
def test_the_pdf_says_that_it_is_tagged_for_assistive_technology(
    kind: NoticeKind, to: Addressee, language: str
) -> None:
    root: Any = printed(kind, to, language).reader.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert root["/StructTreeRoot"]["/K"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_every_font_is_embedded() -> None:
    resources: list[Any] = [each["/Resources"] for each in printed().reader.pages]
    fonts = {key: font.get_object() for each in resources for key, font in each["/Font"].items()}

    assert fonts
    for font in fonts.values():
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_the_same_letter_is_the_same_bytes() -> None:
    drawn = [pdf.render(document(letter()), AT) for _ in range(2)]

    assert drawn[0] == drawn[1]


def test_letters_are_drawn_by_many_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(lambda _: pdf.render(document(letter()), AT), range(24)))

    assert len(drawn) == 1


def test_pages_are_numbered() -> None:
    reader = printed().reader

    for number, each in enumerate(reader.pages, start=1):
        assert f"Page {number} of {len(reader.pages)}" in each.extract_text()


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("language", WORDINGS)
def test_the_page_has_language_title_one_main_heading_and_no_script(kind: NoticeKind, language: str) -> None:
    made = page(kind, language=language)

    assert made.language == language
    assert made.tags.count("h1") == made.tags.count("title") == made.tags.count("main") == 1
    assert not {"script", "img", "link", "iframe"} & set(made.tags)


def test_html_and_pdf_say_the_same() -> None:
    words = printed().words

    for paragraph in page(NoticeKind.DENIAL).prose[1:]:
        assert folded(paragraph) in words


def test_a_table_names_its_columns_and_rows() -> None:
    text = html.render(document(letter())).decode()

    assert text.count('scope="col"') == 4
    assert text.count('scope="row"') == 2


def test_what_a_person_wrote_is_escaped() -> None:
    made = letter()
    hostile = document(letter(member=type(made.member)("<script>alert(1)</script>")))

    assert "<script" not in html.render(hostile).decode()
