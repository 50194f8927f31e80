"""Match the rows of output files to the sources of a split.

By id if all ids are known; by number unless the sources disagree; else by the text of the source;
else by order, if the counts are equal and no ids say something else. Texts are compared exactly
first, then as the leakage rule compares them (ignoring case, white space and punctuation: official
files hold lower-cased word pieces). A text that occurs several times in the split is matched in
order. However rows are matched, one that has the source of another row's example is refused, and
rows whose sources are strange are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.api import Candidate, Example, UserError
from benchmark.metrics.text import squeeze
from benchmark.outputs.output_row import OutputRow
from benchmark.tasks.data_notes import normalise

By = Literal["id", "number", "source", "order", "file"]


@dataclass(frozen=True)
class Outputs:
    """Sources with an equal number of candidates each, as a system returned them.

    `matched` is how they were matched (`file`: the file has its own sources and references),
    `agreeing` the number of rows whose own source equals the matched one (None: no row has a
    source), `split` the number of sources in the split, `left_out` the number of rows for sources
    that are not scored, `remarks` sentences about sources and references of the rows.
    """

    examples: tuple[Example, ...]
    candidates: tuple[tuple[Candidate, ...], ...]
    matched: By
    agreeing: int | None
    split: int
    left_out: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def num_samples(self) -> int:
        """Candidates per source."""
        return len(self.candidates[0])


def match(
    rows: Sequence[OutputRow],
    examples: Sequence[Example],
    *,
    split: str,
    limit: int | None = None,
    partial: bool = False,
    num_samples: int | None = None,
) -> Outputs:
    """The rows as outputs for a split.

    Args:
        split: name of the split in messages.
        limit: number of examples to use, from the beginning; outputs for others are omitted.
        partial: whether outputs for only some of them are accepted.
        num_samples: number of candidates to take per source, the first ones; None = all.

    Raises:
        UserError: if rows cannot be matched, sources have no outputs, or numbers of candidates
            differ.
    """
    by, placed = _place(rows, examples, split, limit)
    wanted = range(len(examples))[:limit]
    lacking = [index for index in wanted if index not in placed]
    if len(lacking) == len(wanted):
        raise UserError(f"None of the outputs is for one of the {len(wanted)} sources of {split}.")
    if lacking and not partial:
        raise UserError(
            f"There are outputs for {len(wanted) - len(lacking)} of the {len(wanted)} sources of"
            f" {split} (the first without is {examples[lacking[0]].id!r}): add the others, or"
            " score the part alone with --partial."
        )
    kept = [index for index in wanted if index in placed]
    left_out = sum(index not in wanted for index in placed)
    assert len(rows) == len(kept) + left_out, "a row of outputs was dropped"
    pairs = [(placed[index], examples[index]) for index in kept]
    return Outputs(
        tuple(example for _, example in pairs),
        _candidates([row for row, _ in pairs], num_samples),
        by,
        _agreeing(pairs),
        len(wanted),
        left_out,
        tuple(_remark(pairs)),
    )


def take_own_sources(rows: Sequence[OutputRow], *, num_samples: int | None = None) -> Outputs:
    """The rows as outputs for their own sources and references.

    Raises:
        UserError: if a row has no source or no reference, an id occurs twice, or the numbers of
            candidates differ.
    """
    _check_unique(rows)
    named = all(row.id is not None for row in rows)
    examples = []
    for number, row in enumerate(rows, start=1):
        references = tuple(text for text in row.references or () if text.strip())
        if row.source is None or not references:
            lacks = "source" if row.source is None else "reference"
            raise UserError(
                f"{row.where} has no {lacks}, which --references from-file needs: add it, or name"
                " the task that it is from."
            )
        name = row.id if named and row.id is not None else f"test-{number}"
        examples.append(Example(name, row.source, references[0], references))
    return Outputs(tuple(examples), _candidates(rows, num_samples), "file", None, len(rows))


def _place(
    rows: Sequence[OutputRow], examples: Sequence[Example], split: str, limit: int | None
) -> tuple[By, dict[int, OutputRow]]:
    """How the rows were matched, and the row of each index in the split."""
    _check_unique(rows)
    index_of = {example.id: index for index, example in enumerate(examples)}
    known = [row for row in rows if row.id in index_of]
    has_sources = all(row.source is not None for row in rows)
    if known:
        for row in rows:
            if row.id not in index_of:
                what = "no id" if row.id is None else f"the id {row.id!r}, which is not there"
                raise UserError(
                    f"{row.where} has {what}: the ids of {split} are {examples[0].id!r} to"
                    f" {examples[-1].id!r}."
                )
        placed = {index_of[row.id]: row for row in rows if row.id is not None}
        return "id", _confirmed(placed, examples, split, "id")
    numbered = _by_number(rows, examples)
    if numbered is None and not has_sources and len(rows) in (len(examples), limit):
        numbered = _by_counted_ids(rows)
    if numbered is not None and _mostly_agree(numbered, examples):
        return "number", _confirmed(numbered, examples, split, "number")
    if has_sources:
        for key in (squeeze, normalise):
            if (found := _by_source(rows, examples, key, split)) is not None:
                return "source", found
    if numbered is not None:
        return "number", _confirmed(numbered, examples, split, "number")
    if len(rows) not in (len(examples), limit):
        raise UserError(_unplaced(rows, examples, split))
    placed = _confirmed(dict(enumerate(rows)), examples, split, "order")
    if not has_sources:
        _check_unnamed(rows, examples, split)
    return "order", placed


def _check_unnamed(rows: Sequence[OutputRow], examples: Sequence[Example], split: str) -> None:
    """Refuse to match by order what says that it stands in another one."""
    for row in rows:
        named = f"id {row.id!r}" if row.id is not None else f"number {row.number}"
        if row.id is not None or row.number is not None:
            raise UserError(
                f"{row.where} has the {named}, and the ids of {split} are {examples[0].id!r} to"
                f" {examples[-1].id!r}: use those, give the sources, or leave ids out where the"
                " order is that of the split."
            )


def _check_unique(rows: Sequence[OutputRow]) -> None:
    seen: dict[str, OutputRow] = {}
    for row in rows:
        if row.id is not None:
            if row.id in seen:
                raise UserError(
                    f"{row.where} has the id {row.id!r} of {seen[row.id].where}: put all"
                    " candidates of a source into one line."
                )
            seen[row.id] = row


def _by_source(
    rows: Sequence[OutputRow], examples: Sequence[Example], key: Callable[[str], str], split: str
) -> dict[int, OutputRow] | None:
    """The row of each index in the split; None if a source is not in the split.

    Raises:
        UserError: if a source that occurs several times has a different number of rows.
    """
    places: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        places.setdefault(key(example.source), []).append(index)
    named = [key(row.source or "") for row in rows]
    if any(name not in places for name in named):
        return None
    counts = Counter(named)
    placed: dict[int, OutputRow] = {}
    for name, row in zip(named, rows, strict=True):
        if counts[name] != len(places[name]):
            raise UserError(
                f"{row.where}: its source has {counts[name]} lines here and stands"
                f" {len(places[name])} times in {split}: give every line the id of its source."
            )
        placed[next(index for index in places[name] if index not in placed)] = row
    return placed


def _by_number(
    rows: Sequence[OutputRow], examples: Sequence[Example]
) -> dict[int, OutputRow] | None:
    """The row of each index in the split; None unless every row has a valid number.

    Raises:
        UserError: if a number stands twice.
    """
    numbers = [row.number for row in rows if row.number is not None]
    if len(numbers) < len(rows):
        return None
    counts = Counter(numbers)
    for row, number in zip(rows, numbers, strict=True):
        if counts[number] > 1:
            raise UserError(
                f"{row.where} has the number {number}, as has another line: put all candidates of a"
                " source into one line."
            )
    if sorted(numbers) == [*range(1, len(examples) + 1)]:
        numbers = [number - 1 for number in numbers]
    return dict(zip(numbers, rows, strict=True)) if max(numbers) < len(examples) else None


def _by_counted_ids(rows: Sequence[OutputRow]) -> dict[int, OutputRow] | None:
    """The row of each index by ids that count all rows, from 0 or from 1; None by others."""
    ids = [row.id or "" for row in rows]
    if not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in ids):
        return None
    numbers = [int(name) for name in ids]
    first = min(numbers)
    if first > 1 or sorted(numbers) != [*range(first, first + len(rows))]:
        return None
    return {number - first: row for number, row in zip(numbers, rows, strict=True)}


def _mostly_agree(placed: dict[int, OutputRow], examples: Sequence[Example]) -> bool:
    """Whether at least half of the sources given in the rows match."""
    pairs = [(row, examples[index]) for index, row in placed.items()]
    with_source = sum(row.source is not None for row in placed.values())
    return 2 * (_agreeing(pairs) or 0) >= with_source


def _confirmed(
    placed: dict[int, OutputRow], examples: Sequence[Example], split: str, by: str
) -> dict[int, OutputRow]:
    """The rows, unless they have sources and most do not match, or one is that of another row."""
    if _mostly_agree(placed, examples):
        _check_exchanged(placed, examples, split, by)
        return placed
    pairs = [(row, examples[i]) for i, row in placed.items() if row.source is not None]
    row, example = next((row, example) for row, example in pairs if not _agree(row, example))
    raise UserError(
        f"By {by}, {row.where} matches {example.id!r} of {split}, but has another source, as do"
        f" {sum(not _agree(*pair) for pair in pairs)} of {len(pairs)} lines: name the task that the"
        " outputs are for."
    )


def _check_exchanged(
    placed: dict[int, OutputRow], examples: Sequence[Example], split: str, by: str
) -> None:
    strange = [(row, i) for i, row in placed.items() if row.source and not _agree(row, examples[i])]
    if not strange:
        return
    ids = {normalise(example.source): example.id for example in examples}
    for row, index in strange:
        other = ids.get(normalise(row.source or ""))
        if other is not None:
            raise UserError(
                f"By {by}, {row.where} matches {examples[index].id!r} of {split}, but has the"
                f" source of {other!r}: mend its id or its source."
            )


def _remark(pairs: Sequence[tuple[OutputRow, Example]]) -> Iterator[str]:
    """What the sources and references of the rows say that the split does not."""
    sourced = [pair for pair in pairs if pair[0].source is not None]
    strange = [pair for pair in sourced if not _agree(*pair)]
    if strange:
        row, example = strange[0]
        yield (
            f"{len(strange):,} of {len(sourced):,} sources in the file are not those of the task"
            f" (first: {_place_of(row)}, which was taken for {example.id!r}): their outputs may be"
            " for other sources, or their sources were cut."
        )
    referred = [pair for pair in pairs if pair[0].references]
    others = sum(
        {*map(normalise, row.references or ())}.isdisjoint(map(normalise, example.references))
        for row, example in referred
    )
    if others:
        yield (
            f"{others:,} of {len(referred):,} rows have references that are not those of the task;"
            " those of the task are used."
        )


def _place_of(row: OutputRow) -> str:
    """File name and line, without its folder: reports carry no paths of a machine."""
    return row.where.rpartition("/")[2]


def _agreeing(pairs: Sequence[tuple[OutputRow, Example]]) -> int | None:
    with_source = [pair for pair in pairs if pair[0].source is not None]
    return sum(_agree(*pair) for pair in with_source) if with_source else None


def _agree(row: OutputRow, example: Example) -> bool:
    return normalise(row.source or "") == normalise(example.source)


def _unplaced(rows: Sequence[OutputRow], examples: Sequence[Example], split: str) -> str:
    texts = {normalise(example.source) for example in examples}
    stranger = next((r for r in rows if r.source and normalise(r.source) not in texts), None)
    if stranger is not None:
        return (
            f"{stranger.where} has a source that is not in {split}, and order cannot match it,"
            f" with {len(rows)} outputs for {len(examples)} sources: name the task that the"
            " outputs are for, or give ids."
        )
    if any(row.id is not None for row in rows):
        named = next(row for row in rows if row.id is not None)
        return (
            f"{named.where} has the id {named.id!r}, and the ids of {split} are"
            f" {examples[0].id!r} to {examples[-1].id!r}: use those, or give the sources."
        )
    return (
        f"There are {len(rows)} outputs for the {len(examples)} sources of {split}: they can"
        " be matched by order only if the counts are equal: give ids or sources in JSON lines."
    )


def _candidates(
    rows: Sequence[OutputRow], num_samples: int | None
) -> tuple[tuple[Candidate, ...], ...]:
    expected = num_samples or len(rows[0].candidates)
    for row in rows:
        count = len(row.candidates)
        if count < expected or (num_samples is None and count != expected):
            least = min(len(other.candidates) for other in rows)
            raise UserError(
                f"{row.where} has {count} candidates where {expected} were expected: give every"
                f" source the same number, or use the first {least} with --candidates {least}."
            )
    return tuple(row.candidates[:expected] for row in rows)
