"""The same document as one accessible HTML page: real headings, lists and tables; no script, nothing loaded."""

from collections.abc import Iterator
from html import escape

from second_opinion.letters.blocks import Block, Document, Facts, Heading, Items, Paragraph, Runs, Statement, Table

_STYLE = """
:root{color-scheme:light}
body{margin:0;background:#fff;color:#1d2733;font:1.125rem/1.55 Georgia,"Libertinus Serif",serif}
main{max-width:44rem;margin:0 auto;padding:2rem 1.25rem 3rem}
header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:1rem}
header{border-bottom:2px solid;padding-bottom:.75rem;margin-bottom:1rem}
header strong{font-size:1.25rem;max-width:22rem}
address{font-style:normal;margin:1rem 0}
header address{margin:0;text-align:right}
h1{font-size:1.7rem;line-height:1.25;margin:.25rem 0 1rem}
h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .5rem}
p{margin:0 0 1rem}
.kicker{margin:1.5rem 0 0;font-weight:bold;letter-spacing:.03em;color:#46566a}
dl{display:grid;grid-template-columns:minmax(9rem,13rem) 1fr;gap:.35rem 1rem;margin:1rem 0}
dt{font-weight:bold}
dd{margin:0}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #5b6b7c}
tbody th{font-weight:normal}
td:nth-child(3){white-space:nowrap}
.statement{border:1px solid #5b6b7c;padding:1rem;margin:1rem 0}
footer{margin-top:2rem;border-top:1px solid #5b6b7c;padding-top:.5rem}
@media (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
"""


def render(document: Document) -> bytes:
    """The page in UTF-8."""
    return "".join(_page(document)).encode()


def _page(document: Document) -> Iterator[str]:
    yield f'<!DOCTYPE html>\n<html lang="{escape(document.language)}">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    yield f"<header><strong>{escape(document.plan)}</strong><address>{_lines(document.plan_lines)}</address></header>\n"
    yield f"<p><strong>{escape(document.dated[0])}:</strong> {escape(document.dated[1])}</p>\n"
    yield f"<address>{_lines(document.to)}</address>\n"
    if document.copy_note:
        yield f"<p><strong>{escape(document.copy_note)}</strong></p>\n"
    if document.kicker:
        yield f'<p class="kicker">{escape(document.kicker)}</p>\n'
    yield f"<h1>{escape(document.title)}</h1>\n"
    yield _drawn(document.facts)
    yield from map(_drawn, document.blocks)
    yield f"<p>{escape(document.signature[0])}</p>\n<p>{_lines(document.signature[1:])}</p>\n"
    if document.enclosed:
        label, names = document.enclosed
        items = "".join(f"<li>{escape(each)}</li>" for each in names)
        yield f"<p><strong>{escape(label)}</strong></p>\n<ul>{items}</ul>\n"
    yield f"<footer>{escape(document.footer)}</footer>\n</main>\n</body>\n</html>\n"


def _drawn(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>\n"
        case Paragraph(runs):
            return f"<p>{_words(runs)}</p>\n"
        case Items(items):
            return f"<ul>{''.join(f'<li>{_words(each)}</li>' for each in items)}</ul>\n"
        case Facts(rows):
            return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{_lines(value)}</dd>' for name, value in rows)}</dl>\n"
        case Statement(runs):
            return f'<p class="statement">{_words(runs)}</p>\n'
        case Table(header, rows):
            return _table(header, rows)


def _table(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>\n"


def _words(runs: Runs) -> str:
    return "".join(f"<strong>{escape(run.text)}</strong>" if run.bold else escape(run.text) for run in runs)


def _lines(lines: tuple[str, ...]) -> str:
    return "<br>".join(map(escape, lines))
