from __future__ import annotations

from collections import Counter

import pytest

from benchmark.api import UserError
from benchmark.human_evaluation.item_design import count_repeats, draw_items, order_items
from benchmark.human_evaluation.kept_texts import KeptSource, KeptTexts

NAMES = ("a", "b", "copy-source", "reference")


def kept(sources=20, *, equal=()):
    """Every text says whose it is, but for the systems of `equal`, which all write the same."""
    return KeptTexts(
        sources=tuple(
            KeptSource(
                f"s{n}", f"source {n}", {s: "same" if s in equal else s + str(n) for s in NAMES}
            )
            for n in range(sources)
        ),
        systems=NAMES[:2],
        controls=NAMES[2:],
        family="",
        split_size=None,
    )


def distinct(items):
    return [item for item in items if item.repeats is None]


def test_ratings_are_of_whole_sources():
    items = draw_items(kept(), "ratings", num_items=50, seed=1).items
    assert len(items) <= 50
    by_source = Counter(item.example for item in distinct(items))
    assert {*by_source.values()} == {4} and len(by_source) == 10
    assert Counter(owner for item in distinct(items) for (owner,) in item.owners) == dict.fromkeys(
        NAMES, 10
    )


def test_pairs_are_balanced():
    items = distinct(draw_items(kept(), "pairs", num_items=100, seed=1).items)
    assert len(items) == 90
    met = Counter(frozenset(owners) for item in items for owners in item.owners)
    assert len(met) == 6 and {*met.values()} == {15}
    assert max(Counter(item.example for item in items).values()) <= 6
    assert len({(item.example, frozenset(o)) for item in items for o in item.owners}) == 90
    first = Counter(owners[0] for item in items for owners in item.owners)
    assert all(10 < first[name] < 35 for name in NAMES), "either may stand first"


def test_equal_texts_are_judged_once():
    found = draw_items(kept(5, equal=("a", "reference")), "ratings", num_items=100, seed=0)
    shared = [item for item in distinct(found.items) if len(item.owners) == 2]
    assert len(distinct(found.items)) == 15 and len(shared) == 5
    assert {owners for item in shared for owners in item.owners} == {("a",), ("reference",)}


def test_equal_texts_of_a_pair_are_a_tie():
    found = draw_items(kept(5, equal=("a", "reference")), "pairs", num_items=100, seed=0)
    assert {same.systems for same in found.equal} == {("a", "reference")}
    assert len(found.equal) == 5
    # a-b and b-reference are one item, a-copy and copy-reference too; b-copy stands alone.
    assert len(distinct(found.items)) == 15
    for item in found.items:
        assert len({"same" if o in ("a", "reference") else o for o, _ in item.owners}) == 1


def test_repeats_change_places_and_are_far_apart():
    items = draw_items(kept(), "pairs", num_items=60, seed=3).items
    by_id = {item.id: item for item in items}
    again = [item for item in items if item.repeats]
    assert len(again) == 8 == count_repeats(60) and len(by_id) == len(items) == 60
    for item in again:
        assert item.owners == tuple(o[::-1] for o in by_id[item.repeats].owners)
    orders = [order_items(items, seed=3, rater=rater) for rater in range(1, 30)]
    for order in orders:
        at = {item.id: place for place, item in enumerate(order)}
        assert {*at} == {*by_id}
        assert all(at[item.id] - at[item.repeats] >= len(again) for item in again)
    assert len({tuple(item.id for item in order) for order in orders}) == len(orders)


@pytest.mark.parametrize("num_items", [12, 21, 100, 1000])
@pytest.mark.parametrize("design", ["ratings", "pairs"])
def test_the_number_of_items_is_kept(design, num_items):
    items = draw_items(kept(), design, num_items=num_items, seed=0).items
    assert len(items) <= num_items
    assert any(item.repeats for item in items)
    if num_items == 1000:
        assert len(distinct(items)) == {"ratings": 80, "pairs": 120}[design], "all there is"


def test_the_same_seed_draws_the_same():
    one, two, other = (draw_items(kept(), "pairs", num_items=40, seed=s) for s in (1, 1, 2))
    assert one == two and one != other


def test_too_few_items():
    with pytest.raises(UserError, match=r"--items 3: the texts of one source .* take 5"):
        draw_items(kept(), "ratings", num_items=3, seed=0)
    assert draw_items(kept(), "ratings", num_items=5, seed=0).items
    with pytest.raises(UserError, match="nothing to compare"):
        draw_items(kept(equal=NAMES), "pairs", num_items=10, seed=0)
