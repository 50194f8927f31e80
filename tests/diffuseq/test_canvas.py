from __future__ import annotations

import itertools

import pytest

from benchmark.api import Example, Lengths, UserError
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.canvas import Canvas, Truncation, longest_first

TOKENIZER = train_tokenizer(["a b c d e f g h"], TokenizerRecipe())
BOS, SEP, PAD = TOKENIZER.bos_id, TOKENIZER.sep_id, TOKENIZER.pad_id


def canvas(source: int = 7, target: int = 7, truncation: Truncation = "own-part") -> Canvas:
    return Canvas(TOKENIZER, Lengths(source, target), truncation=truncation)


def pair(source: str, target: str) -> Example:
    return Example("x", source, target, (target,))


def test_layout() -> None:
    batch = canvas().lay([pair("a b c", "d e")])
    a, b, c, d, e = TOKENIZER.encode("a b c d e")
    row = [BOS, a, b, c, SEP, SEP, BOS, d, e, SEP]
    assert batch["ids"].tolist() == [row + [PAD] * 4]
    # The source with its marks is given; the target, its marks and all padding are generated.
    assert batch["is_target"].tolist() == [[False] * 6 + [True] * 8]


def test_a_canvas_of_its_own_ends_behind_the_room_of_the_target() -> None:
    whole = Canvas(TOKENIZER, Lengths(7, 5))
    fitted = Canvas(TOKENIZER, Lengths(7, 5), fit="row")
    pairs = [pair("a", "d e"), pair("a b", "c d e")]
    batch, expected = fitted.lay(pairs), whole.lay(pairs)
    # `[CLS] a b [SEP] [SEP]` and the room of the target; the other is one shorter.
    assert batch["ids"].equal(expected["ids"][:, :10])
    assert batch["is_target"].equal(expected["is_target"][:, :10])
    assert batch["present"].sum(1).tolist() == [9, 10] and batch["present"][:, :9].all()
    assert fitted.open(["a", "a b"]).batch["present"].equal(batch["present"])


def test_room_that_is_promised_twice() -> None:
    with pytest.raises(UserError, match="set truncation to own-part"):
        Canvas(TOKENIZER, Lengths(7, 5), fit="row", truncation="official")


def test_open_is_the_source_part_of_lay() -> None:
    texts = ["a b c", "", "d"]
    opened = canvas().open(texts)
    laid = canvas().lay([pair(text, "e f") for text in texts])
    assert opened.starts == [6, 3, 4]
    assert opened.batch["is_target"].equal(laid["is_target"])
    given = ~opened.batch["is_target"]
    assert opened.batch["ids"][given].equal(laid["ids"][given])
    assert (opened.batch["ids"][~given] == PAD).all()


def cut_in_turn(source: int, target: int, room: int) -> tuple[int, int]:
    """The rule as it is told: the longer side loses its last token, both where they are equal."""
    while source + target > room:
        longer = max(source, target)
        source, target = source - (source == longer), target - (target == longer)
    return source, target


def test_longest_first_is_cutting_in_turn() -> None:
    for source, target, room in itertools.product(range(12), range(12), range(1, 14)):
        assert longest_first(source, target, room) == cut_in_turn(source, target, room)


@pytest.mark.parametrize(
    ("source", "target", "own", "official"),
    [
        ("a b c d e f g", "h", (4, 1), (7, 1)),
        ("a b c d e f g h", "a b c", (4, 3), (6, 3)),
        ("a", "b c d e f g h", (1, 5), (1, 7)),
        ("a b c d e f g", "a b c d e f g", (4, 5), (4, 4)),
    ],
)
def test_truncation(
    source: str, target: str, own: tuple[int, int], official: tuple[int, int]
) -> None:
    for truncation, kept in (("own-part", own), ("official", official)):
        batch = canvas(truncation=truncation).lay([pair(source, target)])  # type: ignore[arg-type]
        words = [
            TOKENIZER.encode(text)[:count]
            for text, count in zip((source, target), kept, strict=True)
        ]
        row = [BOS, *words[0], SEP, SEP, BOS, *words[1], SEP]
        assert batch["ids"].tolist() == [row + [PAD] * (14 - len(row))]
        # Without a target to look at the source keeps its own part.
        opened = canvas(truncation=truncation).open([source])  # type: ignore[arg-type]
        assert opened.starts == [3 + min(4, len(source.split()))]
        assert opened.is_cut == [len(source.split()) > 4]


def test_reading() -> None:
    a, b = TOKENIZER.encode("a b")
    cases = {
        (BOS, a, b, SEP, a, PAD): ("a b", "a b a", "ok"),
        (BOS, a, PAD, b, SEP): ("a", "a b", "ok"),
        (BOS, a, b, a): ("a b a", "a b a", "unfinished"),
        (BOS, a, TOKENIZER.mask_id, BOS, b, SEP): ("a b", "a b", "ok"),
    }
    for ids, (first, all_of_it, status) in cases.items():
        assert (canvas().read(list(ids)).text, canvas().read(list(ids)).status) == (first, status)
        official = canvas().read(list(ids), reading="official")
        assert (official.text, official.status) == (all_of_it, status)
    assert canvas().read([BOS, SEP, a]).status == "empty"
    assert canvas().read([BOS, a, SEP], is_cut=True).status == "truncated"
    # If several apply, the same one is reported as by all other systems.
    assert canvas().read([BOS, a, a], is_cut=True).status == "unfinished"
    assert canvas().read([SEP], is_cut=True).status == "empty"


@pytest.mark.parametrize("lengths", [(3, 7), (7, 2)])
def test_a_canvas_without_room_is_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="canvas of"):
        canvas(*lengths)
