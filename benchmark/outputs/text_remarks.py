"""What outputs show of a tokeniser or of a pipeline, and their references do not: in sentences.

Metrics compare texts as they are, so outputs that were left lower-cased, split into tokens, or with
special tokens lose points for their form. Nothing is mended here: it is said, with what mends it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from benchmark.api import Candidate, Example, detect_script
from benchmark.metrics.text import squeeze

_MARKS = re.compile(
    r"\[(?:cls|sep|pad|mask|unk|bos|eos|start|end|unused\d+|inst|/inst)\]"
    r"|</?(?:s|pad|unk|mask|bos|eos|sep|cls|n|w|sos|go|start|end|blank|think)>"
    r"|<(?:extra_id_\d+|0x[0-9a-f]{2}|start_of_turn|end_of_turn|<unk>)>"
    r"|<\|[^|<>\s]{1,40}\|>|<<sys>>",
    re.IGNORECASE,
)
"""Special tokens that do not belong in a text."""
_PARTS = {
    "##": re.compile(r"(?:^|\s)##\w"),
    "@@": re.compile(r"\S@@(?:\s|$)"),
    "@-@": re.compile(r"(?:^|\s)@[-,.]@(?:\s|$)"),
    "U+0120": re.compile("\u0120"),
    "U+010A": re.compile("\u010a"),
    "U+2581": re.compile("\u2581"),
    "U+FFFD": re.compile("\ufffd"),
    "&...;": re.compile(r"&(?:amp|apos|quot|lt|gt|nbsp|#\d+|#x[0-9a-f]+);", re.IGNORECASE),
}
"""What pieces of words begin, end or are joined with, and characters that were broken."""
_SPLIT = re.compile(
    r"\S\s+[.,!?;:](?:\s|$)|\s(?:n't|'(?:s|re|ve|ll|d|m))(?:\s|$)|-[lr][rsc]b-", re.IGNORECASE
)
"""Punctuation and contractions that stand alone, as tokenisers leave them."""
_PUNCTUATED = re.compile(r"[.,!?;:](?:\s|$)|'(?:s|re|ve|ll|d|m)\b|n't\b", re.IGNORECASE)

_NAMED = 20
"""Marks that are named."""
_MANY = 0.5
"""Share of texts that makes a habit."""
_FEW = 0.1
"""Share beside a habit that is none."""


def remark_on_texts(
    examples: Sequence[Example], candidates: Sequence[Sequence[Candidate]]
) -> list[str]:
    """Sentences about the outputs for these examples, the most harmful first."""
    texts = [c.text for of_source in candidates for c in of_source if c.text.strip()]
    if not texts:
        return ["All outputs are empty."]
    references = [text for example in examples for text in example.references]
    found = [
        *_remark_on_case(texts, references),
        *_remark_on_splitting(texts, references),
        *_remark_on_marks(texts, references),
        *_remark_on_prompts(examples, candidates),
    ]
    if control := sum(any(_is_control(sign) for sign in text) for text in texts):
        found.append(
            f"{control:,} of {len(texts):,} outputs contain control characters, which may be line"
            " breaks: write each output as one line."
        )
    return found


def _is_control(sign: str) -> bool:
    return sign < " " or "\x7f" <= sign < "\xa0"


def _remark_on_case(texts: Sequence[str], references: Sequence[str]) -> Iterator[str]:
    capital, written = _share(references, _has_capital), _share(texts, _has_capital)
    if capital >= _FEW and written <= _FEW * capital:
        yield (
            f"{_of(texts, lambda text: not _has_capital(text))} outputs are lower-cased and"
            f" {_of(references, _has_capital)} references have capital letters, which metrics"
            " compare: give the texts as they were before, or add metrics with :case=lower."
        )


def _has_capital(text: str) -> bool:
    return text != text.lower()


def _remark_on_splitting(texts: Sequence[str], references: Sequence[str]) -> Iterator[str]:
    # Spaces do not count where characters are compared.
    if detect_script(references) == "unspaced":
        return
    ours = [text for text in texts if _PUNCTUATED.search(text)]
    theirs = [text for text in references if _PUNCTUATED.search(text)]
    if not ours or not theirs:
        return
    split, usual = _share(ours, _is_split), _share(theirs, _is_split)
    if split >= _MANY and usual <= _FEW * split:
        yield (
            f"{_of(ours, _is_split)} outputs with punctuation have spaces before it, as a tokeniser"
            f" leaves them, and {_of(theirs, _is_split)} references do: detokenise the outputs."
        )
    elif usual >= _MANY and split <= _FEW * usual:
        yield (
            f"{_of(theirs, _is_split)} references with punctuation have spaces before it, as a"
            f" tokeniser leaves them, and {_of(ours, _is_split)} outputs do: every such word counts"
            " as another one, so tokenise the outputs as the data is."
        )


def _is_split(text: str) -> bool:
    return _SPLIT.search(text) is not None


def _remark_on_marks(texts: Sequence[str], references: Sequence[str]) -> Iterator[str]:
    counts = Counter(mark for text in texts for mark in find_marks(text))
    if not counts:
        return
    named = ", ".join(f"{mark} ({count:,})" for mark, count in counts.most_common(_NAMED))
    more = f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else ""
    also = sum(bool(find_marks(text)) for text in references)
    of_data = f"; {also:,} of {len(references):,} references do too" if also else ""
    yield (
        f"{_of(texts, lambda text: bool(find_marks(text)))} outputs contain marks of a tokeniser:"
        f" {named}{more}{of_data}. Decode with skip_special_tokens=True, and join pieces of words."
    )


def find_marks(text: str) -> set[str]:
    """The special tokens and signs of pieces in a text, by name."""
    found = {match.group() for match in _MARKS.finditer(text)}
    return found | {name for name, part in _PARTS.items() if part.search(text)}


def _remark_on_prompts(
    examples: Sequence[Example], candidates: Sequence[Sequence[Candidate]]
) -> Iterator[str]:
    counted = repeated = 0
    for example, of_source in zip(examples, candidates, strict=True):
        source = squeeze(example.source)
        for text in (squeeze(c.text) for c in of_source):
            counted += 1
            repeated += len(text) > len(source) and text.startswith(source)
    if repeated >= _MANY * counted:
        yield (
            f"{repeated:,} of {counted:,} outputs begin with their source and go on: leave out the"
            " prompt (return_full_text=False)."
        )


def _share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts) if texts else 0.0


def _of(texts: Sequence[str], test: Callable[[str], bool]) -> str:
    return f"{sum(map(test, texts)):,} of {len(texts):,}"
