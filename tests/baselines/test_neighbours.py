import math

import pytest

from baselines.neighbours import NeighbourIndex


def test_equal_neighbours_keep_the_order_of_the_split():
    index = NeighbourIndex(["x y", "z", "x y", "x y"])
    assert index.nearest(["x y", "nothing known"], 3) == [[0, 2, 3], [0, 1, 2]]


def test_similarity_is_the_cosine_of_smooth_tf_idf():
    index = NeighbourIndex(["a b", "a c", "c"])
    idf = {"a": math.log(4 / 3) + 1, "c": math.log(4 / 3) + 1, "a c": math.log(4 / 2) + 1}
    length = math.sqrt(sum(v * v for v in idf.values()))
    row = index.vectors[[1]].toarray()[0]
    for term, value in idf.items():
        assert row[index.columns[term]] == pytest.approx(value / length)
    assert index.nearest(["c"], 3) == [[2, 1, 0]]
