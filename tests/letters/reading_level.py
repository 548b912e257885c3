"""How hard a text reads: the Flesch-Kincaid grade, syllables counted at the hyphens pyphen knows."""

import re
from collections.abc import Iterable

import pyphen

_HYPHENS = pyphen.Pyphen(lang="en_US")


def grade(sentences_of: Iterable[str]) -> float:
    """The school grade of these paragraphs; numbers and addresses of the web count as one syllable each."""
    sentences, words, syllables = 0, 0, 0
    for paragraph in sentences_of:
        for sentence in re.split(r"(?<=[.?!:])\s+", paragraph.replace("\u2019", "'")):
            found = re.findall(r"[A-Za-z0-9'./-]*[A-Za-z0-9]", sentence)
            if found:
                sentences += 1
                words += len(found)
                syllables += sum(_syllables(word) for word in found)
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def _syllables(word: str) -> int:
    """At least as many as there are groups of vowels: hyphens are not set where a line would break badly."""
    if not word.replace("'", "").isalpha():
        return 1
    groups = len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeioutd])ed$", "", word.lower())))
    return max(1, groups, len(_HYPHENS.inserted(word).split("-")))
