from __future__ import annotations

import itertools
import json
import unicodedata

import pytest

from benchmark.api import Example
from benchmark.tasks.data_notes import DataNotes, Overlap, normalise, take_notes, train_share
from benchmark.tasks.splits import Split


def rows(split: Split, *pairs: tuple[str, ...]) -> list[Example]:
    return [
        Example(f"{split}-{n}", source, references[0], tuple(references))
        for n, (source, *references) in enumerate(pairs, start=1)
    ]


def notes(**splits: list[Example]) -> DataNotes:
    filled: dict[Split, list[Example]] = {
        "train": splits.get("train", []),
        "valid": splits.get("valid", []),
        "test": splits.get("test", []),
    }
    return take_notes(filled, available={name: len(filled[name]) for name in filled})


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("How do I learn?", "howdoilearn"),
        ("how do i learn ?", "howdoilearn"),
        ("Café №1", "cafeno1"),
        ("the ﬁsh", "thefish"),
        ("a -lrb- b -rrb- -LSB-c-RSB-", "abc"),
        ("a (b) [c]", "abc"),
        ("well-born", "wellborn"),
        ("¿Qué?", "que"),
        ("?!", "?!"),
        (" Ой ", unicodedata.normalize("NFKD", "ой")),
        ("Ёлка, ёж!", unicodedata.normalize("NFKD", "ёлкаёж")),
        ("这个。iPhone 很好。", "这个iphone很好"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}b\N{FULLWIDTH DIGIT ONE}", "ab1"),
        ("ไม่ดี!", "ไม่ดี"),
        ("かぎ。", unicodedata.normalize("NFKD", "かぎ")),
        ("مُحَمَّد", "محمد"),
        ("", ""),
    ],
)
def test_normalise_is_the_leakage_rule(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_different_texts_of_which_nothing_remains_are_not_equal() -> None:
    found = notes(train=rows("train", ("да", "нет")), test=rows("test", ("нет", "да"), ("?", "!")))
    overlap = found.overlaps["train/test"]
    assert (overlap.pairs_normalised, overlap.swapped, overlap.sources_normalised) == (0, 1, 0)


def test_duplicates_count_repeats_of_an_earlier_pair() -> None:
    found = notes(train=rows("train", ("a", "b"), ("a", "b"), ("A!", "b"), ("a", "c"), ("b", "a")))
    assert (found.duplicates, found.duplicates_normalised) == (1, 2)


def test_copies_are_counted_a_split() -> None:
    found = notes(
        train=rows("train", ("a b", "a b"), ("A b.", "a b")), test=rows("test", ("a", "b"))
    )
    assert found.copies == {"train": 1, "test": 0}
    assert found.copies_normalised == {"train": 2, "test": 0}


def test_overlap_tells_pairs_swapped_pairs_and_sources_apart() -> None:
    found = notes(
        train=rows("train", ("a", "b"), ("c", "d"), ("e", "f")),
        test=rows("test", ("a", "b"), ("C.", "D"), ("f", "e"), ("e", "z"), ("d", "z"), ("y", "z")),
    )
    assert found.overlaps == {
        "train/test": Overlap(
            of=6,
            pairs=1,
            pairs_normalised=2,
            swapped=1,
            sources=2,
            sources_normalised=3,
            sources_on_either_side=5,
        )
    }


def test_a_train_pair_with_any_reference_is_a_leak() -> None:
    found = notes(train=rows("train", ("a", "x")), test=rows("test", ("a", "b", "x")))
    assert found.overlaps["train/test"].pairs == 1
    assert found.overlaps["train/test"].pairs_normalised == 1


def test_all_pairs_of_splits_are_compared_and_missing_ones_named() -> None:
    one = [("a", "b")]
    full = notes(train=rows("train", *one), valid=rows("valid", *one), test=rows("test", *one))
    assert list(full.overlaps) == ["train/valid", "train/test", "valid/test"]
    assert full.missing == ()
    bare = notes(test=rows("test", *one))
    assert bare.missing == ("train", "valid") and bare.overlaps == {}


def test_a_split_cut_to_nothing_is_not_missing() -> None:
    found = take_notes(
        {"train": [], "valid": [], "test": rows("test", ("a", "b"))},
        available={"train": 5, "valid": 0, "test": 2},
    )
    assert found.missing == ("valid",)
    assert found.limited == {"train": 5, "test": 1}
    assert "Limits: 0 of 5 train examples are used." in found.sentences()


def test_clean_data_give_no_sentence() -> None:
    found = notes(
        train=rows("train", ("a", "b")),
        valid=rows("valid", ("c", "d")),
        test=rows("test", ("e", "f")),
    )
    assert found.sentences() == []


def test_every_oddity_gives_a_sentence_and_plain_json() -> None:
    found = take_notes(
        {
            "train": rows("train", ("a", "a"), ("a", "a")),
            "valid": [],
            "test": rows("test", ("a", "a")),
        },
        available={"train": 2, "valid": 0, "test": 9},
        ignored_keys={"train": {"context": 3}},
        empty_references={"train": 0, "test": 2},
        unread_files=["extra.jsonl"],
    )
    said = " ".join(found.sentences())
    for part in (
        "no valid split",
        "1 of 9 test",
        "repeats 1 pairs",
        "In train, 2 examples copy",
        "Leak: 1 of 1 test pairs occur in train",
        "`context` (3 lines)",
        "out of test: 2",
        "extra.jsonl",
    ):
        assert part in said
    assert json.loads(json.dumps(found.as_dict()))["overlaps"]["train/test"]["pairs"] == 1


def test_a_train_part_that_is_not_the_paper_s_is_named() -> None:
    assert train_share(89_470, 144_715) == [
        "The train split has 89,470 pairs, 62% of the 144,715 of the paper: mention this beside any"
        " published score."
    ]
    assert train_share(144_715, 144_715) == train_share(5, None) == train_share(0, 144_715) == []
    found = DataNotes(available={"train": 1}, published_train=2)
    assert "50% of the 2 of the paper" in found.sentences()[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("声音很小。3 天坏了", "屏幕很亮。3 天坏了"),
        ("かき", "かぎ"),
        ("ไม้", "ไม่"),
        ("мой 5", "твой 5"),
        ("لا أعرف 7", "نعم أعرف 7"),
    ],
)
def test_texts_of_other_scripts_that_share_a_number_are_not_equal(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)
    of_train = [Example("train-1", one, other, (other,))]
    counted = notes(train=of_train, test=[Example("test-1", other, one, (one,))])
    assert counted.copies_normalised == {"train": 0, "test": 0}
    assert counted.overlaps["train/test"].pairs_normalised == 0
    assert counted.overlaps["train/test"].swapped == 1


SIGNS = [
    "❤️", "☀️", "👍", "👍🏽", "👎", "?!", "?", "...", "。", "#️⃣", "👨‍👩‍👧", "🇩🇪", "🇫🇷", "—", "\u0302",
]  # fmt: skip


def test_texts_of_signs_alone_are_all_different_and_never_empty() -> None:
    folded = [normalise(sign) for sign in SIGNS]
    assert len(set(folded)) == len(SIGNS) and all(folded)
    pairs = list(itertools.pairwise(SIGNS))
    counted = notes(train=rows("train", *pairs[:7]), test=rows("test", *pairs[8:]))
    assert counted.copies_normalised == {"train": 0, "test": 0}
    assert counted.overlaps["train/test"].pairs_normalised == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Words that only their marks tell apart.
        ("bạn ơi", "bàn ơi"),
        ("đá", "đà"),
        ("سأل", "سال"),
        ("क", "क़"),
        ("قرآن", "قران"),
        ("১২", "২১"),
        ("मैं ३", "मैं 3"),
    ],
)
def test_marks_and_digits_of_every_script_stay(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ΚΑΛΟΣ ΦΙΛΟΣ", " ".join("καλος φιλος")),
        ("ΚΑΛΟΣ", " ".join("ΚΑΛΟΣ")),
        ("good ❤️", "good ❤"),
        ("葛\N{VARIATION SELECTOR-17}城", "葛城"),
        ("café 5", "CAFE 5"),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("tiếng việt", unicodedata.normalize("NFD", "Tiếng Việt")),
    ],
)
def test_forms_of_one_text_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_what_is_counted_is_said_where_it_does_not_go_without_saying() -> None:
    assert DataNotes().sentences() == []
    (sentence,) = DataNotes(counted_by="characters", said_by="data").sentences()
    assert sentence == (
        "Metrics of words count characters, as the script of its references asks for."
    )
    (sentence,) = DataNotes(counted_by="ja", said_by="suite").sentences()
    assert sentence == (
        "Metrics of words count the tokens of sacreBLEU's `ja-mecab`, as its recipe says."
    )
