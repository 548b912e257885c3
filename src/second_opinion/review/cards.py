"""Reading the cards of a policy file, and refusing every one that could mislead."""

from collections.abc import Collection
from itertools import pairwise
from typing import Any

from second_opinion.review.card import Card, Wording
from second_opinion.review.criteria import ACCEPTABLE, CRITERIA, Answer
from second_opinion.review.determination import GATE_OUTCOMES, RULE_OUTCOMES, Ask, Outcome
from second_opinion.review.facts import FACT_TYPES
from second_opinion.review.reading import Section, did_you_mean

# H&S 1367.01(e) and (k), 42 CFR 438.210(b)(3): only a qualified person denies, delays or modifies.
_FORBIDDEN_STEMS = ("den", "reject", "refus", "modif", "declin", "not-eligible", "delay", "shorten", "redirect")


def read(policy: Section) -> tuple[Card, ...]:
    """Every card of the file: gates, then rules, each in the file's order."""
    gates = [_card(policy.where, each, is_gate=True) for each in policy.tables("gates")]
    rules = [_card(policy.where, each, is_gate=False) for each in policy.tables("rules")]
    if not rules:
        raise policy.wrong("no [[rules]]: a policy needs at least one")
    names: set[str] = set()
    for card in (*gates, *rules):
        if card.rule in names:
            raise policy.wrong(f"rule {card.rule}: there are two of this name; each rule needs its own")
        names.add(card.rule)
    return (*gates, *rules)


def _card(file: str, content: Any, *, is_gate: bool) -> Card:
    kind = "gate" if is_gate else "rule"
    name = content.get("rule") if isinstance(content, dict) else None
    card = Section(f"{file}: {kind} {name or '(without name)'}", content)
    card.allow("rule", "clause", "heading", "when", "then", "plain", "reason", "ask", "missing", "wording")
    then = _outcome(card, GATE_OUTCOMES if is_gate else RULE_OUTCOMES)
    when = _when(card)
    return Card(
        rule=card.text("rule"),
        is_gate=is_gate,
        clause=card.text("clause"),
        heading=card.text("heading"),
        when=when,
        then=then,
        plain=card.text("plain"),
        reason=card.text("reason") if "reason" in card.content else None,
        ask=_ask(card, then),
        wording=_wordings(card, when),
    )


def _outcome(card: Section, known: Collection[Outcome]) -> Outcome:
    then = card.text("then")
    if then in known:
        return Outcome(then)
    if then.lower().startswith(_FORBIDDEN_STEMS):
        raise card.wrong(
            f"'then' may not be '{then}': a computer never denies, shortens, redirects or delays care; "
            f"write '{Outcome.TO_CLINICIAN}' and a registered reviewer decides"
        )
    if then in tuple(Outcome):
        kind = "gate" if then in GATE_OUTCOMES else "rule"
        raise card.wrong(f"'then' may be '{then}' only on a {kind}; here it may be {', '.join(known)}")
    raise card.wrong(f"there is no outcome '{then}'{did_you_mean(then, known)}")


def _when(card: Section) -> dict[str, tuple[Answer, ...]]:
    if "when" not in card.content:
        raise card.wrong("'when' is missing; a rule without conditions says so with when = {}")
    when = Section(card.where, card.content["when"])
    for question in when.content:
        if question not in CRITERIA:
            raise card.wrong(f"no criterion is called '{question}'{did_you_mean(question, CRITERIA)}")
    return {question: _answers(card, question, value) for question, value in when.content.items()}


def _answers(card: Section, question: str, value: Any) -> tuple[Answer, ...]:
    given = value if isinstance(value, list) else [value]
    for each in given:
        if each not in ACCEPTABLE:
            known = [answer.value for answer in ACCEPTABLE]
            raise card.wrong(f"'{each}' is no answer to '{question}'{did_you_mean(each, known)}")
    if not given or len(set(given)) < len(given):
        raise card.wrong(f"'{question}' must have at least one answer, each once")
    return tuple(Answer(each) for each in given)


def _ask(card: Section, then: Outcome) -> Ask | None:
    if then is Outcome.ASK_FOR_INFORMATION:
        ask = Ask(card.text("ask"), card.texts("missing"))
        for fact in ask.missing:
            if fact not in FACT_TYPES:
                raise card.wrong(f"'missing': there is no fact '{fact}'{did_you_mean(fact, FACT_TYPES)}")
        return ask
    for key in ("ask", "missing"):
        if key in card.content:
            raise card.wrong(f"'{key}' may stand only beside then = \"{Outcome.ASK_FOR_INFORMATION}\"")
    return None


def _wordings(card: Section, when: Collection[str]) -> tuple[Wording, ...]:
    wordings = tuple(_wording(card, each, when) for each in card.tables("wording"))
    if not wordings:
        raise card.wrong("no wording: write the clause's words below it, with since, source, text and confirmed")
    for earlier, later in pairwise(wordings):
        if later.since <= earlier.since:
            raise card.wrong(f"wordings must follow each other in time: {later.since} comes after {earlier.since}")
    return wordings


def _wording(card: Section, content: object, when: Collection[str]) -> Wording:
    wording = Section(f"{card.where}: wording", content)
    wording.allow("since", "source", "text", "limits", "confirmed")
    return Wording(
        since=wording.day("since"),
        source=wording.text("source"),
        text=wording.text("text"),
        confirmed=wording.day("confirmed"),
        limits=_limits(wording, when),
    )


def _limits(wording: Section, when: Collection[str]) -> dict[str, int]:
    limits = Section(wording.where, wording.content.get("limits", {}))
    needed = {limit: kind for question in when for limit, kind in CRITERIA[question].limits.items()}
    for limit in limits.content:
        if limit not in needed:
            known = did_you_mean(limit, needed) if needed else "; its questions need none"
            raise wording.wrong(f"there is no limit '{limit}'{known}")
    for limit, kind in needed.items():
        value = limits.content.get(limit)
        if value is None:
            raise wording.wrong(f"the limit '{limit}' is missing; write limits = {{ {limit} = … }}")
        if type(value) is not kind:
            raise wording.wrong(f"the limit '{limit}' must be of type {kind.__name__}")
        if isinstance(value, int) and value < 1:
            raise wording.wrong(f"the limit '{limit}' must be above 0")
    return dict(limits.content)
