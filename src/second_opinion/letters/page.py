"""One letter with the wording it is written in: texts filled in, laid out in blocks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from second_opinion.letters.blocks import Block, Heading, Items, Paragraph, Run, Runs, Table, strong
from second_opinion.letters.letter import Doctor, Letter
from second_opinion.letters.letterhead import Letterhead
from second_opinion.letters.wording import ENGLISH, Wording


@dataclass(frozen=True)
class Page:
    """A letter, its wording, and everything that may be filled in."""

    letter: Letter
    wording: Wording
    letterhead: Letterhead
    values: Mapping[str, str]

    def runs(self, text: str) -> Runs:
        """The text filled in; only the wording's own stars are bold, never those of a value."""
        return tuple(Run(run.text.format_map(self.values), run.bold) for run in strong(text))

    def texts(self, given: Iterable[str]) -> Iterator[Block]:
        """Paragraphs, and a list wherever texts begin with "- "."""
        items: list[Runs] = []
        for text in given:
            if text.startswith("- "):
                items.append(self.runs(text.removeprefix("- ")))
                continue
            if items:
                yield Items(tuple(items))
                items = []
            yield Paragraph(self.runs(text))
        if items:
            yield Items(tuple(items))

    def section(self, name: str, *listed: Block) -> Iterator[Block]:
        """A section as worded, with what is listed in it."""
        text = self.wording.sections[name]
        yield Heading(text.heading)
        yield from self.texts(text.text)
        yield from listed
        yield from self.texts(text.after)

    def doctors(self, doctors: Iterable[Doctor]) -> Table:
        """Doctors with specialty, phone and the first visit they have open."""
        labels = self.wording.labels
        header = (labels["doctor_name"], labels["specialty"], labels["phone"], labels["first_visit"])
        return Table(header, tuple(self._row(each) for each in doctors))

    def _row(self, doctor: Doctor) -> tuple[str, ...]:
        visit = self.wording.moment(doctor.first_visit) if doctor.first_visit else self.wording.labels["call_for_visit"]
        return (doctor.name, self.specialty(doctor) or "-", doctor.phone or self.letterhead.phone, visit)

    def specialty(self, doctor: Doctor) -> str | None:
        """The specialty in the letter's language, else in English."""
        return self.wording.specialties.get(doctor.specialty or "") or doctor.specialty_words

    def rationale(self) -> Iterator[Block]:
        """What the reviewer wrote for this member, in the letter's language.

        A notice of action without the translation shows the English words: it is a draft, and waits for it. Other
        letters say enough without them.
        """
        said = self.letter.decision.rationale if self.letter.decision else {}
        instead = said.get(ENGLISH, "") if self.letter.kind.is_adverse else ""
        words = said.get(self.wording.language, instead)
        for paragraph in filter(None, map(str.strip, words.splitlines())):
            yield told(paragraph)


def told(words: str) -> Paragraph:
    """Words of a person or a table, as they are: nothing in them is filled in or bold."""
    return Paragraph((Run(words),))


def listed(words: Iterable[str]) -> Items:
    """Such words as a list."""
    return Items(tuple((Run(each),) for each in words))
