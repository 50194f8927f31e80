"""What the sample browser reads, and the page around it: with attributes, with edits, without."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.report import build_report
from benchmark.report.data.samples import SOURCES, Answers, SampleBlock, Text, gather_blocks
from benchmark.report.page.sample_browser import gather_sample_data


def block(**facts):
    texts = (
        Text("good", "ok", valid=True, chosen=True, quality=0.12345),
        Text("bad", "ok", valid=False, chosen=False, count=2, remark="misses tense"),
    )
    answers = (Answers("a", "samples", "main", texts), Answers("b", "single", "main", texts[:1]))
    return SampleBlock("s0", "the source", ("the reference",), answers, **facts)


def test_without_attributes_nothing_is_added():
    data = gather_sample_data("Toy", "BLEU", [block()], known=True)
    assert data == {
        "title": "Toy",
        "quality": "BLEU",
        "known": True,
        "systems": [
            {"name": "a", "kind": "samples", "setting": "main"},
            {"name": "b", "kind": "single", "setting": "main"},
        ],
        "texts": ["good", "bad"],
        "sources": [
            [
                "s0", "the source", ("the reference",),
                [
                    [0, [[0, 1, 0.123, 1, 1, ""], [1, 2, None, 0, 0, ""]]],
                    [1, [[0, 1, 0.123, 1, 1, ""]]],
                ],
            ]
        ],
    }  # fmt: skip


def test_with_attributes_a_source_and_a_candidate_end_with_them():
    wanted = {"sentiment": "positive", "tense": "past"}
    data = gather_sample_data("Toy", "", [block(wanted=wanted)], known=True, asked=True)
    (source,) = data["sources"]
    assert data["asked"] is True
    assert source[4] == [("sentiment", "positive"), ("tense", "past")]
    assert [candidate[6] for candidate in source[3][0][1]] == ["", "misses tense"]


def test_blocks_have_the_wishes_apart_from_the_text(control_board, edit_board):
    of_control, of_edits = (gather_blocks(b, "toy") for b in (control_board, edit_board))
    assert len(of_control) == len(of_edits) == SOURCES
    assert [len(found.wanted) for found in of_control[:5]] == [1, 2, 3, 4, 1]
    assert {found.source for found in of_control} == {""}
    assert [found.source for found in of_edits[:2]] == [
        "text 0 to be edited", "text 1 to be edited",
    ]  # fmt: skip
    assert of_edits[1].wanted == {"sentiment": "positive", "tense": "past"}
    of_copy = next(a for a in of_edits[3].answers if a.system == "copy-source")
    assert of_copy.texts[0].remark == "misses sentiment, tense, food, length"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page without the figures of its tasks, which take seconds to draw."""

    def of(folder):
        monkeypatch.setattr("benchmark.report.build.task_plots", lambda *_: ())
        shutil.copytree(folder / "records", tmp_path / "x" / "records")
        return build_report(tmp_path / "x").read_text(encoding="utf-8")

    return of


@pytest.mark.slow
def test_a_page_with_attributes(page, controlled):
    html = page(controlled)
    assert '<span class="asked">sentiment: positive</span>' in html
    assert "where attributes are asked for" in html
    assert "edits of every system" not in html


@pytest.mark.slow
def test_a_page_with_edits_lists_them_system_by_system(page, edited):
    html = page(edited)
    assert "Toy edits: 20 edits of every system" in html
    assert "brings no typefaces" not in html
    section = html.partition("edits of every system</h3>")[2].partition("</section>")[0]
    tables = section.split("<details")[1:]
    names = [re.search(r'class="source">([^<]*)<', table)[1] for table in tables]
    assert names == ["transformer", "latentops", "bayes", "copy-source", "oracle"]
    for name, table in zip(names, tables, strict=True):
        assert table.count(f"text 0 of {name}") == 20, "the first candidate of every source"
        assert "text 19 to be edited" in table


@pytest.mark.slow
def test_a_page_of_chinese_texts_says_whose_typefaces_it_shows_them_in(page, edited, tmp_path):
    copy = tmp_path / "zh"
    shutil.copytree(edited, copy)
    for path in (copy / "records" / "samples").iterdir():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            row["references"] = ["屏幕很亮"]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert "The page brings no typefaces: a script that your system has none for" in page(copy)


@pytest.mark.slow
def test_a_page_without_attributes_says_nothing_of_them(page, tmp_path):
    html = page(write_handmade(tmp_path / "plain", [trial("a", bleu(0.5))]))
    body = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert "a &lt;b&gt; source" in body
    for word in ('class="asked"', "attribute", "nguided", "edits of every system", "control line"):
        assert word not in body
    assert '"asked":' not in html
