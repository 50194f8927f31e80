"""The documents, cut into what a test can run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:python -m benchmark[. ]|diffuseq-bench )([a-z]+)( .*|)$")
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block; `title` is the file that it is the content of."""

    language: str
    title: str
    text: str


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [Block(*groups) for groups in _BLOCK.findall(text)]


def inline_code(text: str) -> list[str]:
    """What stands in single backticks, outside blocks."""
    return _INLINE.findall(_BLOCK.sub("", text))


def commands(text: str) -> list[list[str]]:
    """Calls of our modules, in blocks and in the running text: module, then its words."""
    lines = [line for block in blocks(text) if block.language == "bash"
             for line in block.text.splitlines()]  # fmt: skip
    calls = [part.strip() for line in (*lines, *inline_code(text)) for part in line.split("&&")]
    ours = (_COMMAND.match(call) for call in calls)
    return [[f"benchmark.{call[1]}", *shlex.split(call[2])] for call in ours if call]


def write_files(text: str, folder: Path) -> None:
    """Write every block with a title where it says."""
    for block in blocks(text):
        if block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
