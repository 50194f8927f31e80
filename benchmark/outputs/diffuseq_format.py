"""The output format of the official DiffuSeq: one file per seed, one JSON object per source.

    {"recover": "[CLS] ... [SEP]", "reference": "[CLS] ... [SEP]", "source": "[CLS] ... [SEP]"}

The special tokens are removed as in the published evaluation, by string replacement; text after an
end token stays. White space is collapsed, which does not affect metrics that split at it.

Source: scripts/eval_seq2seq.py of github.com/Shark-NLP/DiffuSeq, commit f78945d.
"""

from __future__ import annotations

from pathlib import Path

from benchmark.metrics.text import squeeze
from benchmark.outputs.output_row import OutputRow, candidate
from benchmark.outputs.text_lines import json_lines, text_field

MARKS = ("[CLS]", "[SEP]", "[PAD]")


def read_diffuseq(path: Path) -> list[OutputRow]:
    """The rows of one file: one candidate per source.

    Raises:
        UserError: for a line that lacks one of the three texts.
    """
    return [
        OutputRow(
            where,
            (candidate(remove_marks(text_field(fields, "recover", where))),),
            source=remove_marks(text_field(fields, "source", where)),
            references=(remove_marks(text_field(fields, "reference", where)),),
        )
        for where, fields in json_lines(path)
    ]


def remove_marks(text: str) -> str:
    """The text without the special tokens of its tokeniser."""
    for mark in MARKS:
        text = text.replace(mark, "")
    return squeeze(text)
