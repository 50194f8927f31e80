from __future__ import annotations

import pytest

from benchmark.api import Candidate, Example
from benchmark.outputs.text_remarks import find_marks, remark_on_texts

REFERENCES = [
    "Who said that?", "It's here, I think.", "Don't go to Paris!", "Well, then: yes.", "No.",
]  # fmt: skip
TOKENISED = [
    "Who said that ?", "It 's here , I think .", "Do n't go to Paris !", "Well , then : yes .",
    "No .",
]  # fmt: skip


def remarks(texts, references=REFERENCES):
    examples = [
        Example(f"test-{n}", f"source {n}", reference, (reference,))
        for n, reference in enumerate(references, start=1)
    ]
    return remark_on_texts(examples, [(Candidate(text),) for text in texts])


def test_texts_as_the_references_are():
    assert remarks(REFERENCES) == []
    assert remarks(TOKENISED, TOKENISED) == []
    assert remarks(["a b", "c d"], ["a b", "c d"]) == []


def test_lower_case():
    (found,) = remarks([text.lower() for text in REFERENCES])
    assert found.startswith("5 of 5 outputs are lower-cased and 5 of 5 references have capital")
    assert remarks([text.lower() for text in REFERENCES], [r.lower() for r in REFERENCES]) == []


def test_tokens():
    (found,) = remarks(TOKENISED)
    assert found.startswith("5 of 5 outputs with punctuation have spaces before it")
    assert "0 of 5 references do: detokenise" in found
    (found,) = remarks(REFERENCES, TOKENISED)
    assert found.startswith("5 of 5 references with punctuation have spaces before it")
    assert "0 of 5 outputs do" in found


def test_both_at_once_are_two_sentences():
    assert len(remarks([text.lower() for text in TOKENISED])) == 2


def test_spaces_do_not_count_where_characters_are_compared():
    assert remarks(["屏 幕 很 亮 , 也 清 楚 。"], ["屏幕很亮,也清楚。"]) == []


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("nice [MASK] phone", "[MASK]"), ("a [unused12] b", "[unused12]"), ("a <unk> b", "<unk>"),
        ("fine<|endoftext|>", "<|endoftext|>"), ("im ##prove it", "##"), ("\u2581good", "U+2581"),
        ("the\u0120cat", "U+0120"), ("bro\ufffdken", "U+FFFD"), ("im@@ prove", "@@"),
        ("well @-@ known", "@-@"), ("a <pad> <pad>", "<pad>"), ("a </s>", "</s>"),
        ("<extra_id_0> a", "<extra_id_0>"), ("it &apos;s", "&...;"), ("<0x0A>", "<0x0A>"),
    ],
)  # fmt: skip
def test_marks(text, mark):
    assert find_marks(text) == {mark}
    assert f"marks of a tokeniser: {mark} (1)." in " ".join(remarks([text], ["No."]))


def test_what_is_no_mark():
    for text in ("see [1] and <b>", "#1 ## of", "a@@b", "x < y > z", "me@home", "a & b;"):
        assert find_marks(text) == set()


def test_marks_of_the_data_are_said():
    (found,) = remarks(["a <unk> b"], ["c <unk> d"])
    assert "<unk> (1); 1 of 1 references do too." in found


def test_prompts_line_breaks_and_nothing_at_all():
    assert remarks(["source 1 and on", "source 2, so"], ["No.", "Yes."])[-1].startswith(
        "2 of 2 outputs begin with their source and go on"
    )
    assert remarks(["source 1"], ["no."]) == []
    assert remarks(["A.\nB."], ["No."])[-1].startswith("1 of 1 outputs contain control characters")
    assert remarks(["", " "], ["No.", "Yes."]) == ["All outputs are empty."]
