"""Every `Source:` of the systems names a work and the place in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(p for room in ("diffuseq", "baselines") for p in (ROOT / room).rglob("*.py"))
PARAGRAPH = re.compile(r"Source: (.+?)(?=\n\s*\n|\"\"\"|Deviates:|\n\s*#?\s*\n|\Z)", re.DOTALL)
WORK = re.compile(r"arXiv\s+\d{4}\.\d{4,5}|github\.com/\S+|\b(19|20)\d{2}\b")
PLACE = re.compile(r"section|eq\.|equation|algorithm|appendix|figure|table|commit|branch|\"[A-Z]")


def sources() -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), " ".join(found[1].split()))
        for path in FILES
        for found in PARAGRAPH.finditer(path.read_text(encoding="utf-8"))
    ]


def test_there_are_sources() -> None:
    assert len(sources()) > 60


@pytest.mark.parametrize(("path", "text"), sources(), ids=lambda value: value[:60])
def test_a_source_names_a_work_and_a_place_in_each(path: str, text: str) -> None:
    works = [m for m in WORK.finditer(text) if "arXiv" in m[0]]
    assert WORK.search(text), f"{path}: {text}"
    ends = [*(m.start() for m in works[1:]), len(text)]
    for work, end in zip(works, ends, strict=False):
        # The place stands behind its work, or before it in brackets round both.
        around = text[work.end() : end] + text[max(0, work.start() - 12) : work.start()]
        assert PLACE.search(around), f"{path}: no place in {work[0]}: {text}"
