from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.outputs.fairseq_format import read_fairseq

PRINTED = """\
2024-01-01 10:00:00 | INFO | fairseq_cli.generate | loading model(s) from model.pt
S-1\tthe second source
T-1\tthe second target
H-1\t-0.4\tsecond best first
P-1\t-0.1 -0.2
H-1\t-0.9\tsecond , other
P-1\t-0.1 -0.2
S-0\tthe first source
T-0\tthe first target
H-0\t-1.5e-01\t
P-0\t-0.1
H-0\t-0.3\tfirst
Generate test with beam=2: BLEU4 = 1.00
"""


def test_hypotheses_in_the_order_of_the_split(write):
    first, second = read_fairseq(write("generate-test.txt", PRINTED))
    assert (first.number, first.source, first.references) == (
        0, "the first source", ("the first target",),
    )  # fmt: skip
    assert [(c.text, c.status, c.logprob) for c in first.candidates] == [
        ("", "empty", None), ("first", "ok", None),
    ]  # fmt: skip
    assert [c.text for c in second.candidates] == ["second best first", "second , other"]


def test_detokenised_lines_come_first(write):
    text = PRINTED.replace("P-1\t-0.1 -0.2\n", "D-1\t-0.4\tSecond.\n").replace(
        "P-0\t-0.1\n", "D-0\t-0.4\tFirst.\n"
    )
    rows = read_fairseq(write("generate-test.txt", text))
    assert [[c.text for c in row.candidates] for row in rows] == [["First."], ["Second."] * 2]


def test_hypotheses_alone(write):
    (row,) = read_fairseq(write("h.txt", "H-4\t-0.4\ta\n"))
    assert (row.number, row.source, row.references) == (4, None, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("S-0\ta\nT-0\tb\n", "has no hypotheses"),
        ("H-0\ta b\n", "line 1: H-0 has no score"),
        ("H-0\tgood\ta b\n", "line 1: H-0 has no score"),
        ("S-0\ta\nH-0\t-1\tb\nS-1\ta\n", "line 3: sample 1 has no hypothesis"),
        (PRINTED + PRINTED, "S-1 occurs 2 times"),
    ],
)
def test_mistakes(write, text, sentence):
    with pytest.raises(UserError, match=sentence):
        read_fairseq(write("generate-test.txt", text))
