from __future__ import annotations

import pytest

from benchmark.api import Candidate, Example, UserError
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.source_matching import match, take_own_sources

SPLIT = [
    Example(f"test-{number}", source, f"target {number}", (f"target {number}",))
    for number, source in enumerate(
        ["What is it?", "Who is it?", "Where is it?", "Who is it?"], start=1
    )
]


def row(text: str = "x", **facts) -> OutputRow:
    return OutputRow("file, line 9", tuple(Candidate(part) for part in text.split("|")), **facts)


def matched(rows, **options):
    found = match(rows, SPLIT, split="the split", **options)
    texts = [[c.text for c in of_source] for of_source in found.candidates]
    return found.matched, [e.id for e in found.examples], texts


def test_by_id():
    rows = [row(f"to {n}", id=f"test-{n}") for n in (3, 1, 4, 2)]
    assert matched(rows) == (
        "id",
        ["test-1", "test-2", "test-3", "test-4"],
        [["to 1"], ["to 2"], ["to 3"], ["to 4"]],
    )


def test_by_the_text_of_the_source_and_equal_ones_in_order():
    rows = [
        row("where", source="Where is it?"),
        row("who 1", source="Who is it?"),
        row("who 2", source=" Who is  it? "),
        row("what", source="What is it?"),
    ]
    assert matched(rows) == (
        "source",
        ["test-1", "test-2", "test-3", "test-4"],
        [["what"], ["who 1"], ["where"], ["who 2"]],
    )


def test_by_lower_cased_word_pieces_and_own_ids():
    sources = ["what is it ?", "who is it ?", "where is it ?", "who is it ?"]
    rows = [row(source, source=source, id=str(n)) for n, source in enumerate(sources)]
    by, _, texts = matched(rows)
    assert (by, [text for (text,) in texts]) == ("source", sources)


def test_by_order():
    assert matched([row(str(n)) for n in range(4)]) == (
        "order",
        ["test-1", "test-2", "test-3", "test-4"],
        [["0"], ["1"], ["2"], ["3"]],
    )


def test_by_order_where_a_source_was_cut_and_the_others_agree():
    cut = [row(source=e.source) for e in SPLIT[:3]] + [row(source="who")]
    found = match(cut, SPLIT, split="the split")
    assert (found.matched, found.agreeing) == ("order", 3)


def test_by_the_numbers_of_fairseq():
    rows = [row("last", number=3), row("first", number=0)]
    assert matched(rows, partial=True) == ("number", ["test-1", "test-4"], [["first"], ["last"]])


def test_numbers_tell_equal_sources_apart_unless_the_sources_are_others():
    rows = [row("last", number=3, source="Who is it?"), row("first", number=0, source="What is")]
    assert matched(rows, partial=True)[1:] == (["test-1", "test-4"], [["first"], ["last"]])
    moved = [
        row("what", number=1, source="what is it ?"),
        row("where", number=0, source="Where is it?"),
    ]
    assert matched(moved, partial=True) == (
        "source", ["test-1", "test-3"], [["what"], ["where"]],
    )  # fmt: skip


def test_first_of_the_split():
    everything = [row(f"to {n}", id=f"test-{n}") for n in (3, 1, 4, 2)]
    assert matched(everything, limit=2)[1:] == (["test-1", "test-2"], [["to 1"], ["to 2"]])
    assert matched([row("a"), row("b")], limit=2)[0] == "order"


def test_first_candidates():
    rows = [row("a|b|c", id=e.id) for e in SPLIT[1:]] + [row("a|b", id="test-1")]
    assert matched(rows, num_samples=2)[2] == [["a", "b"]] * 4
    with pytest.raises(UserError, match=r"3 candidates where 2 .* --candidates 2"):
        matched(rows)
    with pytest.raises(UserError, match="2 candidates where 3 were expected"):
        matched(rows, num_samples=3)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row(id="test-1")], "for 1 of the 4 sources .* first without is 'test-2'.*--partial"),
        ([row(id="test-1"), row(id="test-1")], "has the id 'test-1' of file, line 9"),
        ([row(id="test-1"), row(id="test-9")], "id 'test-9', which is not there"),
        ([row(id="test-1"), row()], "has no id"),
        (
            [row(id=name) for name in "abcd"],
            "has the id 'a', and the ids of the split are 'test-1'",
        ),
        ([row(number=n) for n in (0, 1, 2, 9)], "has the number 0, and the ids of the split"),
        ([row(number=n) for n in (0, 1, 1, 2)], "has the number 1, as has another line"),
        ([row(id="a"), row(id="b")], "has the id 'a', and the ids of the split are 'test-1'"),
        ([row()] * 3, "There are 3 outputs for the 4 sources"),
        ([row(source="What is it?"), row(source="Why?")], "has a source that is not in the split"),
        ([row(source="Who is it?")], "1 lines here and stands 2 times"),
        ([row(number=4)], "There are 1 outputs for the 4 sources"),
        ([row(source="Why?")] * 4, "has another source, as do 4 of 4"),
        ([row(id=e.id, source="Why?") for e in SPLIT], "By id, .* has another source"),
    ],
)
def test_mistakes(rows, sentence):
    with pytest.raises(UserError, match=sentence):
        match(rows, SPLIT, split="the split")


def test_ids_that_count_the_sources_are_numbers():
    for first in (0, 1):
        rows = [row(f"to {n}", id=str(n + first)) for n in (2, 0, 3, 1)]
        by, _, texts = matched(rows)
        assert (by, texts) == ("number", [["to 0"], ["to 1"], ["to 2"], ["to 3"]])
    by, _, texts = matched([row(f"to {n}", number=n) for n in (3, 1, 4, 2)])
    assert (by, texts) == ("number", [["to 1"], ["to 2"], ["to 3"], ["to 4"]])
    with pytest.raises(UserError, match="has the id '901'"):
        matched([row(id=str(n)) for n in (901, 902, 903, 904)])


def test_rows_for_sources_that_are_not_scored_are_counted():
    rows = [row(id=e.id) for e in SPLIT]
    found = match(rows, SPLIT, split="the split", limit=3)
    assert (len(found.examples), found.left_out, found.remarks) == (3, 1, ())


def test_a_source_of_another_id_is_refused_and_a_strange_one_said():
    sources = [e.source for e in SPLIT]
    rows = [row(id=e.id, source=source) for e, source in zip(SPLIT, sources, strict=True)]
    assert match(rows, SPLIT, split="the split").remarks == ()
    strange = [*rows[:3], row(id="test-4", source="Why is it so?")]
    (said,) = match(strange, SPLIT, split="the split").remarks
    assert said.startswith("1 of 4 sources in the file are not those of the task (first: file, ")
    exchanged = [*rows[:2], row(id="test-3", source="What is it?"), rows[3]]
    with pytest.raises(UserError, match="matches 'test-3' of the split, but has the source of 't"):
        match(exchanged, SPLIT, split="the split")


def test_references_of_the_file_that_are_others_are_said():
    rows = [row(id=e.id, references=(e.target.upper(),)) for e in SPLIT]
    assert match(rows, SPLIT, split="the split").remarks == ()
    rows[0] = row(id="test-1", references=("another one",))
    (said,) = match(rows, SPLIT, split="the split").remarks
    assert said.startswith("1 of 4 rows have references that are not those of the task")


def test_nothing_within_the_limit():
    with pytest.raises(UserError, match="None of the outputs"):
        match([row(id="test-4")], SPLIT, split="the split", limit=2, partial=True)


def test_sources_of_the_file():
    found = take_own_sources([row("x|y", source="a", references=("b", " ", "c"))])
    assert found.examples == (Example("test-1", "a", "b", ("b", "c")),)
    assert found.matched == "file" and found.num_samples == 2
    some_named = [
        row(source="a", references=("b",)),
        row(source="c", references=("d",), id="test-1"),
    ]
    assert [e.id for e in take_own_sources(some_named).examples] == ["test-1", "test-2"]
    assert [e.id for e in take_own_sources(some_named[1:]).examples] == ["test-1"]


@pytest.mark.parametrize(
    ("facts", "lacks"),
    [({"source": "a"}, "reference"), ({"references": ("a",)}, "source"),
     ({"source": "a", "references": ("",)}, "reference")],
)  # fmt: skip
def test_file_that_lacks_them(facts, lacks):
    with pytest.raises(UserError, match=f"has no {lacks}"):
        take_own_sources([row(**facts)])


OTHER_SCRIPTS = {
    "Chinese": ["双11买的手机怎么样", "双11买的耳机怎么样", "双11买的书包怎么样"],
    "Japanese": ["iPhone7はいくらですか", "iPhone7を買えますか", "iPhone7を作ったのは誰か"],
    "Thai": ["iPhone7 ราคาเท่าไร", "iPhone7 ซื้อที่ไหน", "iPhone7 ใครคิด"],
    "Cyrillic": ["Сколько стоит iPhone 7?", "Где купить iPhone 7?", "Кто придумал iPhone 7?"],
    "Arabic": ["كم سعر iPhone 7", "أين أشتري iPhone 7", "من اخترع iPhone 7"],
}


@pytest.mark.parametrize("script", OTHER_SCRIPTS)
def test_sources_in_other_scripts_that_share_a_name_and_a_number(script):
    texts = OTHER_SCRIPTS[script]
    split = [Example(f"test-{n}", text, text, (text,)) for n, text in enumerate(texts, start=1)]
    # As a tokeniser would leave them: lower case, spaces round every sign.
    spaced = [" ".join(text.lower().replace(" ", "")) for text in texts]
    if script not in ("Chinese", "Japanese", "Thai"):
        spaced = [text.lower().replace("?", " ?") for text in texts]
    rows = [row(text, source=text) for text in reversed(spaced)]
    found = match(rows, split, split="the split")
    assert found.matched == "source" and found.agreeing == 3
    assert [c.text for (c,) in found.candidates] == spaced
    others = [row("x", source=f"{text} {text}") for text in spaced]
    with pytest.raises(UserError, match="has another source, as do 3 of 3 lines"):
        match(others, split, split="the split")
