"""What a system says of the probability of a text."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from benchmark.api import Example, LogLikelihood, Scorable, Weighting, make_noise
from benchmark.experiment.configuration import fill
from benchmark.testing.listed_texts import LISTED, listed_examples
from benchmark.testing.subject import SEED, Subject

DRAWS = 4000
"""Draws whose frequencies are compared with likelihoods."""


def check_likelihood(subject: Subject) -> None:
    """Likelihoods are what is declared, and a function of example and noise alone.

    A target that is too long for the canvas has none. Batches differ in their rounding.
    """
    system = subject.scorable
    if system is None:
        return
    examples = [dataclasses.replace(e, source=e.target) for e in listed_examples()[:6]]
    first = score_examples(system, examples, num_samples=3)
    assert first == score_examples(system, examples, num_samples=3), "not a function of the noise"
    turned = score_examples(system, examples[::-1], num_samples=3)[::-1]
    alone = [score_examples(system, [e], num_samples=3)[0] for e in examples]
    for one, others in zip(first, zip(turned, alone, strict=True), strict=True):
        assert one.kind == subject.system_class.capabilities.likelihood
        assert one.tokens > 0 and one.nats <= 1e-9
        for other in others:
            assert math.isclose(one.nats, other.nats, rel_tol=1e-4), "it depends on the batch"
    endless = dataclasses.replace(examples[0], target=" ".join("ab" * LISTED.target))
    (found,) = score_examples(system, [endless], num_samples=3)
    assert found.nats == -math.inf
    assert score_examples(system, [], num_samples=3) == []


def check_likelihood_mass(subject: Subject) -> None:
    """Over all texts, exact likelihoods sum to 1, and lower bounds to no more.

    Bounds are estimated from many draws, joined in either way, also of a chain of a few steps.
    """
    system, kind = subject.scorable, subject.system_class.capabilities.likelihood
    if system is None or kind == "pseudo":
        return
    # Nothing of this decides an exact likelihood.
    ways = list(itertools.product(get_args(Weighting), (None, 3)))
    for weighting, steps in ways if kind == "lower bound" else ways[:1]:
        scored = score_examples(
            system, listed_examples(), num_samples=64, weighting=weighting, steps=steps
        )
        total = math.fsum(math.exp(one.nats) for one in scored)
        # A bound is an estimate: its exponential scatters about what it should be.
        assert total < (1.02 if kind == "lower bound" else 1.0001), (
            f"likelihoods sum to {total}, joined by {weighting}, {steps or 'all'} steps"
        )
        assert kind == "lower bound" or total > 0.9999, f"likelihoods sum to {total}"


def check_likelihood_of_draws(subject: Subject) -> None:
    """Texts are drawn as often as their exact likelihoods say, within a binomial bound."""
    system, kind = subject.scorable, subject.system_class.capabilities.likelihood
    if system is None or kind != "exact":
        return
    listed = listed_examples()
    decoding = fill(subject.system_class.Decoding, subject.sampling, "decoding")
    (drawn,) = system.generate(  # type: ignore[attr-defined]
        [listed[0].source], decoding, num_samples=DRAWS, seed=SEED, ids=[listed[0].id]
    )
    counts = Counter(candidate.text for candidate in drawn)
    assert counts.keys() <= {example.target for example in listed}
    for example, one in zip(listed, score_examples(system, listed, num_samples=1), strict=True):
        expected = DRAWS * math.exp(one.nats)
        # Five standard deviations: one of a million such comparisons fails by chance.
        bound = 5 * math.sqrt(expected) + 2
        assert abs(counts[example.target] - expected) < bound, (
            f"{example.target!r}: drawn {counts[example.target]} times, expected {expected:.1f}"
        )


def score_examples(
    system: Scorable,
    examples: Sequence[Example],
    *,
    num_samples: int,
    weighting: Weighting = "mean",
    steps: int | None = None,
) -> list[LogLikelihood]:
    """The log-likelihoods of examples, by noise that their ids name."""
    noise = make_noise(SEED, [example.id for example in examples], num_samples)
    return system.log_likelihood(
        examples, noise, num_samples=num_samples, weighting=weighting, steps=steps
    )
