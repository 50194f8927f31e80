"""Match the rows of output files to the sources of a split.

By id if all ids are known; by fairseq's numbers unless the sources disagree; else by the text of
the source; else by order, if the counts are equal. Texts are compared exactly first, then as the
leakage rule compares them (ignoring case, white space and punctuation: official files hold
lower-cased word pieces). A text that occurs several times in the split is matched in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.api import Candidate, Example, UserError
from benchmark.metrics.text import squeeze
from benchmark.outputs.output_row import OutputRow
from benchmark.tasks.data_notes import normalise

By = Literal["id", "source", "order", "file"]


@dataclass(frozen=True)
class Outputs:
    """Sources with an equal number of candidates each, as a system returned them.

    `matched` is how they were matched (`file`: the file has its own sources and references),
    `agreeing` the number of rows whose own source equals the matched one (None: no row has a
    source), `split` the number of sources in the split.
    """

    examples: tuple[Example, ...]
    candidates: tuple[tuple[Candidate, ...], ...]
    matched: By
    agreeing: int | None
    split: int

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
    pairs = [(placed[index], examples[index]) for index in kept]
    return Outputs(
        tuple(example for _, example in pairs),
        _candidates([row for row, _ in pairs], num_samples),
        by,
        _agreeing(pairs),
        len(wanted),
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
    if numbered is not None and _mostly_agree(numbered, examples):
        return "order", numbered
    if has_sources:
        for key in (squeeze, normalise):
            if (found := _by_source(rows, examples, key, split)) is not None:
                return "source", found
    if numbered is None and len(rows) not in (len(examples), limit):
        raise UserError(_unplaced(rows, examples, split))
    placed = numbered if numbered is not None else dict(enumerate(rows))
    return "order", _confirmed(placed, examples, split, "order")


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
    """The row of each index in the split; None unless every row has a valid number."""
    numbers = [row.number for row in rows if row.number is not None]
    if len(numbers) < len(rows) or max(numbers) >= len(examples):
        return None
    return dict(zip(numbers, rows, strict=True))


def _mostly_agree(placed: dict[int, OutputRow], examples: Sequence[Example]) -> bool:
    """Whether at least half of the sources given in the rows match."""
    pairs = [(row, examples[index]) for index, row in placed.items()]
    with_source = sum(row.source is not None for row in placed.values())
    return 2 * (_agreeing(pairs) or 0) >= with_source


def _confirmed(
    placed: dict[int, OutputRow], examples: Sequence[Example], split: str, by: str
) -> dict[int, OutputRow]:
    """The rows, unless they have sources and most of these do not match."""
    if _mostly_agree(placed, examples):
        return placed
    pairs = [(row, examples[i]) for i, row in placed.items() if row.source is not None]
    row, example = next((row, example) for row, example in pairs if not _agree(row, example))
    raise UserError(
        f"By {by}, {row.where} matches {example.id!r} of {split}, but has another source, as do"
        f" {sum(not _agree(*pair) for pair in pairs)} of {len(pairs)} lines: name the task that the"
        " outputs are for."
    )


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
