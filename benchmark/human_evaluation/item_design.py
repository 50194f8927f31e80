"""Which texts raters are shown: balanced over systems and sources, some twice, in random order.

Ratings: every system and control for each of some sources, so that all are judged on the same.
Pairs: of all pairs of systems and controls for all sources, those that come first when the pairs
take turns, each turn with another source. Equal texts for a source are one item, as in WMT.

Some items come twice, for a rater's agreement with herself: all of the first half of her sheet,
and again in the second, at least as many items later as there are such items. In the second
showing of a pair the texts change places.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, count

from benchmark.api import UserError
from benchmark.human_evaluation.kept_texts import KeptSource, KeptTexts
from benchmark.human_evaluation.key import EqualTexts, Item, Owners
from benchmark.human_evaluation.questions import Design

FEWEST_REPEATS = 8
"""Items shown twice in all but very short sheets, where it is a fourth of them; else a tenth."""

_CONSONANTS = "bcdfghjkmnpqrstvwxz"
"""Ids of these are no words, and no spreadsheet takes them for numbers or dates."""


@dataclass(frozen=True)
class ItemDesign:
    """The items of a sheet, repeats last, and the pairs that nobody is asked about."""

    items: tuple[Item, ...]
    equal: tuple[EqualTexts, ...]


def draw_items(kept: KeptTexts, design: Design, *, num_items: int, seed: int) -> ItemDesign:
    """Draw at most `num_items` items, repeats included.

    Raises:
        UserError: if there is no room for a single source of ratings, or all texts are equal.
    """
    rng = random.Random(f"items {seed}")
    sources = rng.sample(kept.sources, len(kept.sources))
    budget = num_items - count_repeats(num_items)
    equal: list[EqualTexts] = []
    if design == "ratings":
        groups = _rate(sources, kept.names, budget)
        if not groups:
            need = len(set(sources[0].answers.values()))
            enough = next(n for n in count(need) if n - count_repeats(n) >= need)
            raise UserError(
                f"--items {num_items}: the texts of one source and the repeats take {enough}: use"
                " as many or more, or name fewer systems."
            )
    else:
        groups, equal = _pair(sources, kept.names, budget, rng)
        if not groups:
            raise UserError("All texts are equal: there is nothing to compare.")
    shown = [
        (source, owners if rng.random() < 0.5 else [pair[::-1] for pair in owners])
        for source, owners in groups
    ]
    ids = _draw_ids(rng)
    items = [
        Item(id=next(ids), example=source.id, owners=tuple(owners)) for source, owners in shown
    ]
    # Of a sheet that the records leave shorter than asked, the share of a sheet of that length.
    num_repeats = min(num_items - len(items), count_repeats(len(items) * 10 // 9))
    again = [
        Item(
            id=next(ids),
            example=item.example,
            owners=tuple(pair[::-1] for pair in item.owners),
            repeats=item.id,
        )
        for item in rng.sample(items, num_repeats)
    ]
    return ItemDesign((*items, *again), tuple(equal))


def count_repeats(num_items: int) -> int:
    """How many of so many items are second showings."""
    return max(min(FEWEST_REPEATS, num_items // 4), round(num_items / 10))


def order_items(items: Sequence[Item], *, seed: int, rater: int) -> list[Item]:
    """The items in the order of one rater."""
    rng = random.Random(f"order {seed} {rater}")
    again = {item.repeats: item for item in items if item.repeats}
    twice = [item for item in items if item.id in again]
    once = [item for item in items if item.id not in again and not item.repeats]
    rng.shuffle(once)
    cut = max(0, min(len(once), len(items) // 2 - len(twice)))
    first = [*twice, *once[:cut]]
    rng.shuffle(first)
    second = [None] * len(twice) + once[cut:]
    rng.shuffle(second)
    # In the order of the first showings, so that none follows closely on its own.
    repeats = iter([again[item.id] for item in first if item.id in again])
    return [*first, *(next(repeats) if item is None else item for item in second)]


Group = tuple[KeptSource, list[Owners]]
"""A source, and who wrote the texts of an item on it."""


def _rate(sources: Iterable[KeptSource], names: Sequence[str], budget: int) -> list[Group]:
    """One text an item, for whole sources as long as there is room."""
    found: list[Group] = []
    for source in sources:
        by_text: dict[str, list[Owners]] = {}
        for name in names:
            by_text.setdefault(source.answers[name], []).append((name,))
        if len(found) + len(by_text) > budget:
            break
        found += [(source, owners) for owners in by_text.values()]
    return found


def _pair(
    sources: Sequence[KeptSource], names: Sequence[str], budget: int, rng: random.Random
) -> tuple[list[Group], list[EqualTexts]]:
    """Two texts an item: the pairs take turns, each turn with another source."""
    found: dict[tuple[str, str, str], Group] = {}
    equal: list[EqualTexts] = []
    pairs = list(combinations(names, 2))
    rng.shuffle(pairs)
    for turn in range(len(sources)):
        for number, (first, second) in enumerate(pairs):
            source = sources[(turn + number) % len(sources)]
            texts = source.answers[first], source.answers[second]
            if texts[0] == texts[1]:
                equal.append(EqualTexts(example=source.id, systems=(first, second)))
                continue
            owners = (first, second) if texts[0] < texts[1] else (second, first)
            same = (source.id, *sorted(texts))
            if same not in found and len(found) >= budget:
                return list(found.values()), equal
            found.setdefault((same[0], same[1], same[2]), (source, []))[1].append(owners)
    return list(found.values()), equal


def _draw_ids(rng: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        drawn = "".join(rng.choices(_CONSONANTS, k=7))
        if drawn not in seen:
            seen.add(drawn)
            yield drawn
