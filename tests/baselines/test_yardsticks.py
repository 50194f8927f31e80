import math
from collections import Counter
from dataclasses import replace

import pytest

from baselines.yardsticks import CopySource, NearestNeighbour, Oracle, Reference
from benchmark.api import Example, UserError, make_noise


def example(name, source, target, *others):
    return Example(name, source, target, (target, *others))


TRAIN = [
    example("a", "the cat sat on the mat", "one"),
    example("b", "the dog sat on the mat", "two"),
    example("c", "where is the station ?", "three"),
    example("d", "Where is the bank ?", "four"),
]


def build(system, resources, **changes):
    return system.build(system.Config(), replace(resources, **changes))


def texts(system, sources, *, num_samples=1, seed=1, ids=None, **decoding):
    made = system.generate(
        sources,
        system.Decoding(**decoding),
        num_samples=num_samples,
        seed=seed,
        ids=ids or [str(i) for i in range(len(sources))],
    )
    return [[candidate.text for candidate in row] for row in made]


def test_copy_repeats_the_source(resources):
    system = build(CopySource, resources)
    assert texts(system, ["a b", "c"], num_samples=2) == [["a b", "a b"], ["c", "c"]]
    [[empty]] = system.generate([""], system.Decoding(), num_samples=1, seed=1, ids=["x"])
    assert empty.status == "empty"
    assert system.Decoding().kind == "single"


def test_references_come_in_a_circle(resources):
    system = build(Reference, resources, references={"x": ("r0", "r1"), "y": ("s",)})
    got = texts(system, ["?", "?"], num_samples=3, ids=["y", "x"])
    assert got == [["s", "s", "s"], ["r0", "r1", "r0"]]


def test_unknown_reference_is_told(resources):
    with pytest.raises(UserError, match="'q'"):
        texts(build(Reference, resources), ["?"], ids=["q"])


def test_neighbours_in_order_of_similarity(resources):
    system = build(NearestNeighbour, resources, train=TRAIN)
    got = texts(system, ["the cat sat on a mat", "where is the bank ?"], num_samples=2)
    assert got == [["one", "two"], ["four", "three"]]


def test_few_neighbours_are_gone_round(resources):
    system = build(NearestNeighbour, resources, train=TRAIN[:2])
    assert texts(system, ["the dog"], num_samples=3) == [["two", "one", "two"]]


def test_no_train_split_is_told(resources):
    with pytest.raises(UserError, match="train split"):
        texts(build(NearestNeighbour, resources, train=()), ["x"])


DISTRIBUTION = {"beta": 0.25, "alpha": 0.5, "gamma": 0.25}


def conditional(source, temperature):
    if source != "known":
        return {}
    powers = {text: p ** (1 / temperature) for text, p in DISTRIBUTION.items()}
    return {text: p / sum(powers.values()) for text, p in powers.items()}


def test_oracle_draws_are_the_inverse_of_the_cumulative_distribution(resources):
    system = build(Oracle, resources, conditional=conditional)
    uniforms = make_noise(3, ["e"], 40).uniform((1,), stream="oracle").flatten().tolist()
    names = ["alpha" if u < 0.5 else "beta" if u < 0.75 else "gamma" for u in uniforms]
    assert texts(system, ["known"], num_samples=40, seed=3, ids=["e"]) == [names]
    assert len(set(names)) == 3


def test_oracle_draws_follow_a_temperature(resources):
    system = build(Oracle, resources, conditional=conditional)
    count = 4000
    drawn = Counter(texts(system, ["known"], num_samples=count, temperature=0.5)[0])
    # Five standard errors of a share of 2/3 in 4,000 draws; the seed is fixed.
    assert drawn["alpha"] / count == pytest.approx(2 / 3, abs=0.04)


def test_oracle_tells_the_true_log_probability(resources):
    system = build(Oracle, resources, conditional=conditional)
    [[candidate]] = system.generate(
        ["known"], system.Decoding(temperature=0.0), num_samples=1, seed=1, ids=["e"]
    )
    assert (candidate.text, candidate.logprob) == ("alpha", pytest.approx(math.log(0.5)))
    assert system.Decoding(temperature=0.0).kind == "single"


def test_oracle_of_a_foreign_source_is_empty(resources):
    system = build(Oracle, resources, conditional=conditional)
    [[candidate]] = system.generate(
        ["?"], system.Decoding(temperature=2.0), num_samples=1, seed=1, ids=["e"]
    )
    assert (candidate.text, candidate.status) == ("", "empty")


def test_oracle_without_a_true_distribution_is_told(resources):
    with pytest.raises(UserError, match="controlled"):
        texts(build(Oracle, resources), ["x"])


def test_yardsticks_store_nothing(resources, tmp_path):
    with pytest.raises(UserError, match="nothing to save"):
        build(CopySource, resources).save(tmp_path)
    with pytest.raises(UserError, match="nothing to load"):
        CopySource.load(tmp_path, "cpu")
    with pytest.raises(UserError, match="not trained"):
        build(CopySource, resources).collate(TRAIN)


def test_the_oracle_knows_the_true_log_probability(resources):
    truth = {"a b": 0.25, "b": 0.75}
    oracle = build(Oracle, resources, conditional=lambda source, temperature: truth)
    asked = [Example(text, "x", text, (text,)) for text in ("a b", "b", "c")]
    noise = make_noise(1, ["a b", "b", "c"])
    scored = oracle.log_likelihood(asked, noise, num_samples=1)
    assert [one.nats for one in scored] == [math.log(0.25), math.log(0.75), -math.inf]
    assert [one.tokens for one in scored] == [3, 2, 2]
    assert {one.kind for one in scored} == {"exact"}
