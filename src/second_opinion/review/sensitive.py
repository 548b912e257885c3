"""Which conditions are sensitive: a plan's list of protected kinds, by the beginning of their ICD-10-CM codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from second_opinion.review.reading import Section, toml

FILE = "sensitive.toml"
ICD_10 = frozenset({"http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"})
AGE_OF_MAJORITY = 18
# What no plan may leave out: HIV, contraception, abortion, gender, substance use, mental health
AT_LEAST = ("B20", "Z21", "Z30", "Z332", "O04", *(f"F{number}" for number in range(10, 100)))


@dataclass(frozen=True)
class Label:
    """One protected kind of information."""

    label: str  # v3-ActCode
    display: str
    source: str  # the law
    prefixes: tuple[str, ...]  # of ICD-10-CM codes, without dots
    specialties: tuple[str, ...] = ()  # NUCC codes whose care alone tells as much
    minors: bool = False  # only of members under age
    notice: str | None = None  # what must travel with the record


@dataclass(frozen=True)
class Sensitive:
    """A plan's list of protected kinds."""

    labels: tuple[Label, ...]

    def of(self, conditions: Iterable[str], specialty: str | None, age: int | None) -> tuple[str, ...]:
        """The labels of conditions (system|code) and specialty, of a member of this age; not known is under age."""
        named = (each.partition("|") for each in conditions)
        codes = [code.replace(".", "").upper() for system, _, code in named if system in ICD_10]
        minor = age is None or age < AGE_OF_MAJORITY
        found = (
            each.label
            for each in self.labels
            if (minor or not each.minors)
            and (specialty in each.specialties or any(code.startswith(each.prefixes) for code in codes))
        )
        return tuple(dict.fromkeys(found))

    def notices(self, labels: Iterable[str]) -> tuple[str, ...]:
        """What must travel with a record of these labels."""
        return tuple(dict.fromkeys(each.notice for each in self.labels if each.notice and each.label in labels))


def load(path: Path) -> Sensitive:
    """The list in a plan's folder; ``PolicyError`` if anything in it is wrong."""
    file = path / FILE if path.is_dir() else path
    content, _ = toml(file)
    document = Section(str(file), content)
    document.allow("labels")
    labels = tuple(_label(str(file), each) for each in document.tables("labels"))
    always = tuple(prefix for each in labels if not each.minors for prefix in each.prefixes)
    if missing := [each for each in AT_LEAST if not each.startswith(always)]:
        raise document.wrong(f"'labels' must protect {', '.join(missing)} at every age, among others")
    return Sensitive(labels)


def _label(file: str, content: object) -> Label:
    name = content.get("label") if isinstance(content, dict) else None
    label = Section(f"{file}: label {name or '(without code)'}", content)
    label.allow("label", "display", "source", "prefixes", "specialties", "minors", "notice")
    minors = label.content.get("minors", False)
    if not isinstance(minors, bool):
        raise label.wrong("'minors' must be true or false")
    prefixes = tuple(each.replace(".", "").upper() for each in label.texts("prefixes"))
    if not all(each[0].isalpha() and each.isalnum() for each in prefixes):
        raise label.wrong("'prefixes' must be beginnings of ICD-10-CM codes, such as B20 or Z33.2")
    return Label(
        label=label.text("label"),
        display=label.text("display"),
        source=label.text("source"),
        prefixes=prefixes,
        specialties=label.texts("specialties") if "specialties" in label.content else (),
        minors=minors,
        notice=label.text("notice") if "notice" in label.content else None,
    )
