"""Markdown of task cards as HTML.

Cards are written by people who add tasks: HTML in them is escaped, only http links become
links, and no image is fetched.
"""

from __future__ import annotations

from markdown_it import MarkdownIt


class _Parser(MarkdownIt):
    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.enable("table").disable("image")

    def validateLink(self, url: str) -> bool:  # noqa: N802 (name of the library)
        return url.startswith(("https://", "http://"))


def render_markdown(text: str, *, top_level: int = 4) -> str:
    """HTML of a card; a heading `#` gets the level `top_level`, those below it the next ones."""
    parser = _Parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, top_level - 1 + int(token.tag[1:]))}"
    return parser.renderer.render(tokens, parser.options, {})
