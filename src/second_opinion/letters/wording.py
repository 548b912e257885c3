"""The plan's wording of its letters: one file per language, refused with file and key where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

from second_opinion.cases.notices import ENCLOSURES
from second_opinion.letters import texts
from second_opinion.review.reading import Section, toml

FOLDER = "letters"
ENGLISH = "en"  # every plan has it; languages without a file get it


@dataclass(frozen=True)
class SectionText:
    """One section: its heading, its texts, and those that follow what is listed in it."""

    heading: str
    text: tuple[str, ...]
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """Every text of the letters in one language."""

    language: str  # code, the file's name
    name: str
    date_form: str  # how a day is written
    months: tuple[str, ...]
    time_form: str
    halves: tuple[str, ...]
    labels: Mapping[str, str]
    services: Mapping[str, str]
    titles: Mapping[str, str]
    openings: Mapping[str, Mapping[str, tuple[str, ...]]]  # addressee → kind → paragraphs
    sections: Mapping[str, SectionText]
    reasons: Mapping[str, str]  # determination-reason → a sentence
    clauses: Mapping[str, str]
    questions: Mapping[str, str]  # fact → the question
    justifications: Mapping[str, str]
    enclosures: Mapping[str, str]
    rides: Mapping[str, str]  # code of transport-mode → words
    specialties: Mapping[str, str]  # NUCC code → words

    def day(self, day: date) -> str:
        """The day in words."""
        return self.date_form.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def moment(self, at: datetime) -> str:
        """Day and time in words; ``at`` is local time."""
        hour = at.hour % 12 or 12
        return self.time_form.format(
            date=self.day(at.date()), hour=hour, minute=f"{at.minute:02}", half=self.halves[at.hour // 12]
        )


def load_all(folder: Path, reasons: tuple[str, ...]) -> Mapping[str, Wording]:
    """Every language of the plan by its code; ``reasons`` are the codes each must have words for."""
    found = {path.stem: load(path, reasons) for path in sorted((folder / FOLDER).glob("*.toml"))}
    if ENGLISH not in found:
        raise Section(str(folder / FOLDER / f"{ENGLISH}.toml"), {}).wrong("is missing; every plan has English letters")
    return found


def load(path: Path, reasons: tuple[str, ...]) -> Wording:
    """One language; PolicyError names the file and the key where something is wrong."""
    content, _ = toml(path)
    file = _File(str(path), content)
    file.section.allow(*_KEYS)
    if (language := file.text("language")) != path.stem:
        raise file.section.wrong("'language' must be the code that names the file")
    sections = file.sections()
    _refuse_wrong_statement(file, sections["statement"])
    return Wording(
        language=language,
        name=file.text("name"),
        date_form=file.text("date"),
        months=file.several("months", 12),
        time_form=file.text("time"),
        halves=file.several("halves", 2),
        labels=file.table("labels", texts.LABELS),
        services=file.table("services", texts.SERVICES),
        titles=file.table("titles", texts.TITLES),
        openings={who: file.lists(f"opening.{who}", texts.OPENINGS) for who in ("member", "provider")},
        sections=sections,
        reasons=file.table("reasons", reasons),
        clauses=file.open_table("clauses", (texts.GENERIC,), fill=("clause",)),
        questions=file.open_table("questions"),
        justifications=file.table("justifications", texts.JUSTIFICATIONS),
        enclosures=file.table("enclosures", ENCLOSURES),
        rides=file.table("rides", texts.RIDES),
        specialties=file.open_table("specialties", optional=True),
    )


_KEYS = (
    "language",
    "name",
    "date",
    "months",
    "time",
    "halves",
    "labels",
    "services",
    "titles",
    "opening",
    "sections",
    "reasons",
    "clauses",
    "questions",
    "justifications",
    "enclosures",
    "rides",
    "specialties",
)


class _File:
    """One file being read; every text is checked against what may be filled into it."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self.where = where
        self.section = Section(where, content)

    def text(self, key: str) -> str:
        return self._checked(key, self.section.text(key))

    def several(self, key: str, count: int) -> tuple[str, ...]:
        found = self.section.texts(key)
        if len(found) != count:
            raise self.section.wrong(f"'{key}' must be a list of {count} texts")
        return found

    def table(self, key: str, wanted: tuple[str, ...]) -> Mapping[str, str]:
        """A table with exactly these keys."""
        table = self._table(key)
        table.allow(*wanted)
        return {name: self._checked(f"{key}.{name}", table.text(name)) for name in wanted}

    def open_table(
        self, key: str, wanted: tuple[str, ...] = (), *, fill: tuple[str, ...] = (), optional: bool = False
    ) -> Mapping[str, str]:
        """A table with at least these keys."""
        if optional and key not in self.section.content:
            return {}
        table = self._table(key)
        names = tuple(dict.fromkeys((*wanted, *table.content)))
        return {name: self._checked(f"{key}.{name}", table.text(name), fill) for name in names}

    def lists(self, key: str, wanted: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        """A table with exactly these keys, each a list of texts."""
        table = self._table(key)
        table.allow(*wanted)
        return {name: self._all_checked(f"{key}.{name}", table.texts(name)) for name in wanted}

    def sections(self) -> Mapping[str, SectionText]:
        table = self._table("sections")
        table.allow(*texts.SECTIONS)
        return {name: self._section(f"sections.{name}", table, name) for name in texts.SECTIONS}

    def _section(self, key: str, table: Section, name: str) -> SectionText:
        if name not in table.content:
            raise table.wrong(f"'{name}' is missing")
        section = Section(f"{self.where}: {key}", table.content[name])
        section.allow("heading", "text", "after")
        text, after = (
            self._all_checked(key, section.texts(part)) if section.content.get(part) else ()
            for part in ("text", "after")
        )
        if "text" not in section.content:
            raise section.wrong("'text' is missing; a section that only lists has an empty one")
        return SectionText(section.text("heading"), text, after)

    def _table(self, key: str) -> Section:
        content: Any = self.section.content
        for part in key.split("."):
            content = content.get(part) if isinstance(content, dict) else None
        if content is None:
            raise self.section.wrong(f"'{key}' is missing")
        return Section(f"{self.where}: {key}", content)

    def _all_checked(self, key: str, found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._checked(key, each) for each in found)

    def _checked(self, key: str, text: str, fill: tuple[str, ...] | None = None) -> str:
        """The text, if only what is known there is filled in, and every bold part ends."""
        allowed = texts.MAY_FILL.get(key, ()) if fill is None else fill
        try:
            parts = list(Formatter().parse(text))
        except ValueError as wrong:
            raise self.section.wrong(f"'{key}' has a brace that does not close") from wrong
        for _, name, spec, conversion in parts:
            if name is not None and (name not in allowed or spec or conversion):
                known = ", ".join(f"{{{each}}}" for each in allowed) or "nothing"
                raise self.section.wrong(f"'{key}' fills in {{{name}}}; what may be filled in there is {known}")
        if text.count("**") % 2:
            raise self.section.wrong(f"'{key}' has ** that does not end")
        return text


def _refuse_wrong_statement(file: _File, statement: SectionText) -> None:
    """H&S 1368.02(b): four contact items, each in bold, in one text."""
    bold = "".join(statement.text).split("**")[1::2]
    if len(statement.text) != 1 or bold != [f"{{{name}}}" for name in texts.STATEMENT_ITEMS]:
        items = ", ".join(f"**{{{name}}}**" for name in texts.STATEMENT_ITEMS)
        raise file.section.wrong(
            f"'sections.statement' must be one text in which exactly {items} are bold, in this order"
        )
