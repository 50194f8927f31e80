"""Names under which files of other tools hold outputs, sources, references and places.

Those of Hugging Face (`datasets`, `pipeline`, `evaluate`), of lm-evaluation-harness, of the data of
fairseq and DiffuSeq, and of tables that people make. Case, spaces and hyphens do not count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

OUTPUTS = (
    "candidates", "candidate", "outputs", "output", "predictions", "prediction", "preds", "pred",
    "predicted", "generated_texts", "generated_text", "generations", "generation", "generated",
    "hypotheses", "hypothesis", "hyps", "hyp", "responses", "response", "completions",
    "completion", "system_output", "model_output", "decoded", "recover", "filtered_resps", "resps",
)  # fmt: skip
SOURCES = (
    "source", "src", "input", "inputs", "question", "query", "document", "sentence",
)  # fmt: skip
"""Without `prompt`, which holds more than the source."""
REFERENCES = (
    "references", "reference", "refs", "ref", "targets", "target", "trg", "tgt", "labels", "label",
    "gold",
)  # fmt: skip
IDS = ("id", "example_id", "guid", "uid")
NUMBERS = ("doc_id", "idx", "index")
"""Of the index of a source in its split, from 0."""

_NUMBERED = re.compile(r"(.+?)_?(\d+)")


def plain_name(key: str) -> str:
    """A key without what does not count."""
    return re.sub(r"[\s_-]+", "_", key.strip().lower())


def find_key(keys: Iterable[str], names: Collection[str]) -> str | None:
    """The key with the first of the names; None if there is none."""
    by_name = {plain_name(key): key for key in reversed([*keys])}
    return next((by_name[name] for name in names if name in by_name), None)


def find_outputs(keys: Iterable[str]) -> list[str]:
    """The keys that may hold outputs, in the order of the names."""
    found = {plain_name(key): key for key in keys}
    return [found[name] for name in OUTPUTS if name in found]


def find_numbered_outputs(keys: Iterable[str]) -> list[str]:
    """The keys `output_1`, `output_2` and so on, in their order; empty if there are none."""
    numbered: dict[str, dict[int, str]] = {}
    for key in keys:
        found = _NUMBERED.fullmatch(plain_name(key))
        if found is not None and found[1] in OUTPUTS:
            numbered.setdefault(found[1], {})[int(found[2])] = key
    if len(numbered) != 1:
        return []
    (columns,) = numbered.values()
    return [columns[number] for number in sorted(columns)]
