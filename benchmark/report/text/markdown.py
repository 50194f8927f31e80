"""Markdown of task cards as HTML: headings, paragraphs, lists, tables, and inline marks.

Cards are written by people who add tasks, so everything is escaped first; only what is known
here becomes a tag, and only http links become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from typing import Literal

_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\((https?://[^\s)]+)\)"), r'<a href="\2">\1</a>'),
)
_ITEM = re.compile(r"(\s*)[-*] +(.*)")
_RULE = re.compile(r"\|[\s:|-]+\|")


def render_markdown(text: str, *, top_level: int = 4) -> str:
    """HTML of a card; its first heading gets the level `top_level`."""
    out: list[str] = []
    for kind, group in groupby(text.strip().split("\n"), key=_kind):
        lines = list(group)
        if kind == "heading":
            out += [_heading(line, top_level) for line in lines]
        elif kind != "blank":
            out.append({"item": _list, "row": _table, "plain": _paragraph}[kind](lines))
    return "\n".join(out)


def _kind(line: str) -> Literal["blank", "heading", "row", "item", "plain"]:
    if not line.strip():
        return "blank"
    if line.startswith("#"):
        return "heading"
    if line.startswith("|"):
        return "row"
    return "item" if _ITEM.fullmatch(line) else "plain"


def _heading(line: str, top_level: int) -> str:
    level = min(6, top_level - 1 + len(line) - len(line.lstrip("#")))
    return f"<h{level}>{_inline(line.lstrip('#').strip())}</h{level}>"


def _paragraph(lines: Iterable[str]) -> str:
    return f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _list(lines: Iterable[str]) -> str:
    """A list with lists inside, by indentation."""
    out: list[str] = []
    depths: list[int] = []
    for line in lines:
        match = _ITEM.fullmatch(line)
        if match is None:
            continue
        indent = len(match[1])
        while len(depths) > 1 and indent < depths[-1]:
            depths.pop()
            out.append("</li></ul>")
        if not depths or indent > depths[-1]:
            depths.append(indent)
            out.append("<ul>")
        else:
            out.append("</li>")
        out.append(f"<li>{_inline(match[2])}")
    return "".join(out) + "</li></ul>" * len(depths)


def _table(lines: Iterable[str]) -> str:
    rows = [
        [_inline(cell.strip()) for cell in line.strip().strip("|").split("|")]
        for line in lines
        if not _RULE.fullmatch(line.strip())
    ]
    head, *body = rows
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    text = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in body)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{text}</tbody></table>"


def _inline(text: str) -> str:
    text = escape(text, quote=True)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return text
