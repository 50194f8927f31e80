"""Irregularities in the data of a task: counted and reported, never silently fixed.

Exact counts compare texts as they are. Normalised counts compare after lower-casing, Unicode NFKD
and dropping all but letters and digits of any script; bracket tokens such as ``-lrb-`` are dropped
too, and so are accents of Latin letters and the vowel points of Hebrew and Arabic. Other marks (of
Cyrillic, Thai, Hindi, kana, and all of Vietnamese) stay, since without them other words would be
left. A text without any letter or digit (punctuation or emoji only) is compared lower-cased
instead, so that two different texts of this kind do not count as equal.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmark.api import Example
from benchmark.tasks.splits import Split

PUBLISHED_TRAIN: Mapping[str, int] = {
    "qqp": 144_715, "qg": 116_953, "wiki_auto": 677_751, "ccd": 3_382_137,
}  # fmt: skip
"""Train pairs of the tasks of DiffuSeq. Source: arXiv 2210.08933, appendix on data."""

_BRACKETS = re.compile(r"-(?:lrb|rrb|lsb|rsb|lcb|rcb)-")
_SIGMAS = ("\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
_DROPPED = bytes(code for code in range(128) if not chr(code).isalnum())


@dataclass(frozen=True, slots=True)
class Overlap:
    """Overlap of a later split with an earlier one; `of` is the size of the later split.

    A pair is the source with any of the references. `swapped` counts pairs whose sides are
    exchanged in the earlier split (normalised) and which are not among `pairs_normalised`.
    `sources` counts sources that are sources of the earlier split too, `sources_on_either_side`
    those that are a source or a target of it (normalised).
    """

    of: int
    pairs: int
    pairs_normalised: int
    swapped: int
    sources: int
    sources_normalised: int
    sources_on_either_side: int


@dataclass(frozen=True, slots=True)
class CutTexts:
    """Sources and targets of a split that the canvas does not hold; `of` is its examples.

    The longest are in tokens, with their marks.
    """

    of: int
    sources: int
    targets: int
    longest_source: int
    longest_target: int


@dataclass(frozen=True, slots=True)
class CanvasNotes:
    """What tokeniser and lengths of a recipe do to the texts; see `benchmark.experiment.canvas`.

    Lengths are in tokens; the usual ones are those of the recipe before they grew, and `grown_for`
    counts the train texts that did not fit into them. `unwritable` are references, of all
    `references` of a split, that no system with the tokeniser of the task can write.
    """

    source: int
    target: int
    usual_source: int
    usual_target: int
    grown_for: Mapping[str, int] = field(default_factory=dict)
    cut: Mapping[str, CutTexts] = field(default_factory=dict)
    unwritable: Mapping[str, int] = field(default_factory=dict)
    references: Mapping[str, int] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """A sentence for each length that grew, each split that is cut, and unwritable texts."""
        notes = []
        train = self.cut["train"].of if "train" in self.cut else 0
        for side, length, usual in (
            ("source", self.source, self.usual_source),
            ("target", self.target, self.usual_target),
        ):
            if length > usual:
                notes.append(
                    f"{self.grown_for[side]:,} of {train:,} train {side}s do not fit into the usual"
                    f" {usual} tokens with their marks, so lengths.{side} is {length} here."
                )
        notes += filter(None, (self._name_cut(split) for split in self.cut))
        notes += [
            f"{count:,} of {self.references[split]:,} {split} references do not come back from the"
            " tokeniser of the task as they are, capitals aside: no system with it can write them."
            for split, count in self.unwritable.items()
            if count
        ]
        return notes

    def _name_cut(self, split: str) -> str:
        """How many texts of a split are cut; empty where none are."""
        cut = self.cut[split]
        told = [
            f"{count:,} of {cut.of:,} {split} {side}s do not fit into lengths.{side} ({length}"
            f" tokens with their marks; the longest takes {longest:,})"
            for side, count, longest, length in (
                ("target", cut.targets, cut.longest_target, self.target),
                ("source", cut.sources, cut.longest_source, self.source),
            )
            if count
        ]
        return f"{' and '.join(told)} and are cut." if told else ""


UNITS: Mapping[str, str] = {
    "words": "words between spaces",
    "characters": "characters",
    "zh": "the tokens of sacreBLEU's `zh`",
    "ja": "the tokens of sacreBLEU's `ja-mecab`",
}
"""What texts are counted by, in words."""

SAID_BY: Mapping[str, str] = {
    "suite": "as its recipe says", "folder": "as its folder says",
    "data": "as the script of its references asks for",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataNotes:
    """Counts over the examples in use, after limits.

    `duplicates` are pairs of train that repeat an earlier pair; `copies` are examples whose target
    is their source; `overlaps` has the keys "train/valid", "train/test" and "valid/test" of the
    splits that exist.
    """

    duplicates: int = 0
    duplicates_normalised: int = 0
    copies: Mapping[str, int] = field(default_factory=dict)
    copies_normalised: Mapping[str, int] = field(default_factory=dict)
    overlaps: Mapping[str, Overlap] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Splits that the task does not have."""
    available: Mapping[str, int] = field(default_factory=dict)
    """Examples per split before limits."""
    limited: Mapping[str, int] = field(default_factory=dict)
    """Examples omitted by limits, if any."""
    ignored_keys: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Split to key to the number of lines with that key; the keys are ignored."""
    empty_references: Mapping[str, int] = field(default_factory=dict)
    """Empty additional references that were omitted, if any (in the whole file)."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows without a source or a target, if any (in the whole file)."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Split to the columns that were read as source, target and references (empty = none), where
    they have other names than `src`, `trg` and `refs`."""
    unread_files: tuple[str, ...] = ()
    """Other data files in the folder of the task."""
    published_train: int | None = None
    """Train pairs in the paper, for one of its four tasks."""
    judge: tuple[str, ...] = ()
    """A sentence for each attribute on how often its judge is wrong."""
    counted_by: str = ""
    """A name in `UNITS`; empty where it goes without saying, as words of English do."""
    said_by: str = "data"
    """Who said that: a name in `SAID_BY`."""
    canvas: CanvasNotes | None = None
    """None in records that do not say."""

    def as_dict(self) -> dict[str, Any]:
        """The notes as plain JSON types."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """What a reader of the report should know, one sentence each; empty if there is nothing."""
        return [*self.findings(), *self.reading()]

    def findings(self) -> list[str]:
        """What was found in the texts, one sentence each."""
        notes = [*self.judge, *(f"There is no {split} split." for split in self.missing)]
        if self.counted_by:
            notes.append(
                f"Metrics of words count {UNITS[self.counted_by]}, {SAID_BY[self.said_by]}."
            )
        notes += self.canvas.sentences() if self.canvas is not None else []
        notes += train_share(self.available.get("train", 0), self.published_train)
        notes += [
            f"Limits: {self.available[split] - left:,} of {self.available[split]:,} {split} "
            "examples are used."
            for split, left in self.limited.items()
        ]
        if self.duplicates_normalised:
            notes.append(
                f"Train repeats {self.duplicates:,} pairs exactly, "
                f"{self.duplicates_normalised:,} after normalisation."
            )
        notes += [
            f"In {split}, {count:,} examples copy their source "
            f"({self.copies[split]:,} to the letter)."
            for split, count in self.copies_normalised.items()
            if count
        ]
        for names, overlap in self.overlaps.items():
            early, late = names.split("/")
            if overlap.pairs_normalised or overlap.swapped:
                notes.append(
                    f"Leak: {overlap.pairs:,} of {overlap.of:,} {late} pairs occur in {early}, "
                    f"{overlap.pairs_normalised:,} after normalisation, and "
                    f"{overlap.swapped:,} with their sides exchanged."
                )
            if overlap.sources_on_either_side:
                notes.append(
                    f"Of {overlap.of:,} {late} sources, {overlap.sources_normalised:,} are {early} "
                    f"sources too ({overlap.sources:,} to the letter), "
                    f"{overlap.sources_on_either_side:,} are a source or a target of {early}."
                )
        return notes

    def reading(self) -> list[str]:
        """What was read of the files and what was not, one sentence each."""
        notes = [
            f"Keys in {split} that are not read: "
            f"{', '.join(f'`{key}` ({count:,} lines)' for key, count in keys.items())}."
            for split, keys in self.ignored_keys.items()
        ]
        notes += [
            f"Empty references left out of {split}: {count:,}."
            for split, count in self.empty_references.items()
        ]
        notes += [
            f"Rows without a source or a target left out of {split}: {count:,}."
            for split, count in self.left_out.items()
        ]
        notes += [f"{said}." for said in describe_columns(self.columns)]
        if self.unread_files:
            notes.append(f"Files in the folder that are not read: {', '.join(self.unread_files)}.")
        return notes


def describe_columns(columns: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Which columns were read, once for all splits that have the same."""
    for names in dict.fromkeys(columns.values()):
        splits = [split for split, of in columns.items() if of == names]
        sides = zip(("sources", "targets", "references"), names, strict=True)
        named = ", ".join(f"{side} from `{name:.80}`" for side, name in sides if name)
        yield f"Columns of {', '.join(splits)}: {named}"


def train_share(train: int, published: int | None) -> list[str]:
    """A sentence if the number of `train` pairs is not the `published` one."""
    if not published or not train or train == published:
        return []
    return [
        f"The train split has {train:,} pairs, {train / published:.0%} of the {published:,} of the"
        " paper: mention this beside any published score."
    ]


def normalise(text: str) -> str:
    """The text as the leakage rule compares it (see the module)."""
    lowered = text.lower()
    is_ascii = lowered.isascii()
    if not is_ascii:
        # Lower-cased again: NFKD can produce capitals.
        # Which sigma is written says where a word ends, as a space does.
        lowered = unicodedata.normalize("NFKD", lowered).lower().replace(*_SIGMAS)
    if "b-" in lowered:
        lowered = _BRACKETS.sub("", lowered)
    if is_ascii:
        kept = lowered.encode("ascii").translate(None, _DROPPED).decode("ascii")
    else:
        marks = _POINTS if _VIETNAMESE.search(lowered) else _ACCENTS
        kept = marks.sub("", lowered).translate(_FOLDED)
        # Marks without a letter, as of an emoji, tell no texts apart.
        kept = kept if any(map(str.isalnum, kept)) else ""
    return kept or unicodedata.normalize("NFC", text).strip().lower()


_POINTS = re.compile("[\u0591-\u05c7\u064b-\u0652\u0656-\u065f\u0670]")
"""Vowel points of Hebrew and Arabic, not what makes another letter, as hamza does."""
_ACCENTS = re.compile(f"(?<=[a-z])[\u0300-\u036f]+|{_POINTS.pattern}")
"""Marks that a text can be written without: accents of Latin letters, vowel points."""
_VIETNAMESE = re.compile("[\u0111\u031b\u0309\u0323]|a\u0306|\u0302[\u0300\u0301\u0303]")
"""Letters that tell it from other Latin: every word of it is another one without its marks."""
_INVISIBLE = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that choose between pictures of one sign."""


class _Folded(dict[int, str | None]):
    """What becomes of a code point: letters, digits and the marks of a script stay."""

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        is_mark = unicodedata.category(sign)[0] == "M" and not _INVISIBLE.match(sign)
        stays = sign.isalnum() or is_mark
        self[code] = sign if stays else None
        return self[code]


_FOLDED = _Folded()
"""Shared by all texts, since a category is looked up once."""


def take_notes(
    splits: Mapping[Split, Sequence[Example]],
    *,
    available: Mapping[Split, int],
    ignored_keys: Mapping[Split, Mapping[str, int]] | None = None,
    empty_references: Mapping[Split, int] | None = None,
    left_out: Mapping[Split, int] | None = None,
    columns: Mapping[Split, tuple[str, ...]] | None = None,
    unread_files: Sequence[str] = (),
    published_train: int | None = None,
) -> DataNotes:
    """Count irregularities in `splits`, which are in the order train, valid, test.

    Args:
        splits: examples in use.
        available: examples of each split before limits.
        ignored_keys: by split, unknown keys of its lines and how often they occur.
        empty_references: by split, references left out because they are empty.
        left_out: by split, rows left out because they have no source or no target.
        columns: by split, the columns read as source, target and references, if they are others.
        unread_files: files in the folder that belong to no split.
        published_train: size of the published train split, if it has one.
    """
    tables = {split: _Table(examples) for split, examples in splits.items() if examples}
    train = tables.get("train", _Table(()))
    return DataNotes(
        duplicates=len(train.pairs) - len(set(train.pairs)),
        duplicates_normalised=len(train.keys) - len(set(train.keys)),
        copies={split: table.copies for split, table in tables.items()},
        copies_normalised={split: table.copies_normalised for split, table in tables.items()},
        overlaps={
            f"{early}/{late}": tables[early].overlap(tables[late])
            for early, late in itertools.combinations(tables, 2)
        },
        missing=tuple(split for split, count in available.items() if not count),
        available={split: available[split] for split in available},
        limited={
            split: available[split] - len(examples)
            for split, examples in splits.items()
            if len(examples) < available[split]
        },
        ignored_keys={split: dict(keys) for split, keys in (ignored_keys or {}).items() if keys},
        empty_references={s: count for s, count in (empty_references or {}).items() if count},
        left_out={split: count for split, count in (left_out or {}).items() if count},
        columns={split: names for split, names in (columns or {}).items() if names},
        unread_files=tuple(unread_files),
        published_train=published_train,
    )


class _Table:
    """The texts of one split, as they are and normalised."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        self.pairs = [(example.source, example.target) for example in examples]
        self.keys = [(normalise(source), normalise(target)) for source, target in self.pairs]
        self.copies = sum(source == target for source, target in self.pairs)
        self.copies_normalised = sum(source == target for source, target in self.keys)

    def overlap(self, later: _Table) -> Overlap:
        pairs, keys = set(self.pairs), set(self.keys)
        sources, source_keys = {s for s, _ in pairs}, {s for s, _ in keys}
        side_keys = source_keys | {target for _, target in keys}
        exact = normalised = swapped = 0
        for example, (key, target) in zip(later.examples, later.keys, strict=True):
            targets = [target, *(normalise(text) for text in example.references[1:])]
            exact += any((example.source, text) in pairs for text in example.references)
            if any((key, text) in keys for text in targets):
                normalised += 1
            elif any((text, key) in keys for text in targets):
                swapped += 1
        return Overlap(
            of=len(later.pairs),
            pairs=exact,
            pairs_normalised=normalised,
            swapped=swapped,
            sources=sum(source in sources for source, _ in later.pairs),
            sources_normalised=sum(source in source_keys for source, _ in later.keys),
            sources_on_either_side=sum(source in side_keys for source, _ in later.keys),
        )
