"""Contract checks: one list, applied to every system, ours and third-party.

In your own test:

    from benchmark.testing import CHECKS, Subject

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(Subject.of(MySystem, config={"dim": 16}))
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, get_args

import torch

from benchmark.api import (
    Candidates,
    DecodingProtocol,
    Example,
    Lengths,
    LikelihoodKind,
    LogLikelihood,
    Resources,
    Scorable,
    Steerable,
    System,
    Traceable,
    Weighting,
    make_noise,
)
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from benchmark.experiment.configuration import fill
from benchmark.experiment.suite import Budget, TrainingRecipe
from benchmark.generation.intermediate_states import trace
from benchmark.generation.measured_generation import CostMeter
from benchmark.tasks import Task, load_task
from benchmark.training.trainer import Trainer

SEED = 7
NUM_SAMPLES = 3
UPDATES = 12
ODD = ("odd-empty", "odd-long", "odd-unknown")
LENGTHS = Lengths(source=16, target=16)

LISTED = Lengths(source=8, target=4)
"""The canvas of a task whose texts can all be listed: a few words of two letters."""
TRUTH = {"a b": 0.5, "b": 0.3, "b a": 0.2}
"""Its true distribution, whatever the source is."""
DRAWS = 4000
"""Draws whose frequencies are compared with likelihoods."""


@dataclass
class Subject:
    """A system under test: its class, a small configuration, and settings to try."""

    system_class: type[System]
    config: dict[str, Any] = field(default_factory=dict)
    decodings: tuple[dict[str, Any], ...] = ({},)
    lengths: Lengths = LENGTHS
    sampling: dict[str, Any] = field(default_factory=dict)
    """The decoding whose draws have the probabilities that `log_likelihood` gives, where that is
    not the default one."""
    system: System = field(init=False)

    def __post_init__(self) -> None:
        self.system = self.fresh()
        if self.system.module is not None:
            with tempfile.TemporaryDirectory() as folder:
                self.train(self.system, Path(folder), checkpoint_s=1e9)

    @classmethod
    def of(
        cls,
        system_class: type[System],
        *,
        config: dict[str, Any] | None = None,
        decodings: Sequence[dict[str, Any]] = ({},),
        sampling: dict[str, Any] | None = None,
    ) -> Subject:
        """The subject for a class, trained for a few updates on a controlled task."""
        return cls(system_class, config or {}, tuple(decodings), sampling=sampling or {})

    def fresh(self, known: Resources | None = None) -> System:
        """A fresh system, always with the same initial weights."""
        torch.manual_seed(SEED)
        config = fill(self.system_class.Config, self.config, "config")
        return self.system_class.build(config, known or resources(self.lengths))

    @cached_property
    def scorable(self) -> Scorable | None:
        """A system that has learnt `TRUTH` a little; None if it declares no likelihood."""
        if self.system_class.capabilities.likelihood is None:
            return None
        system = self.fresh(_listed_resources())
        assert isinstance(system, Scorable), "capabilities.likelihood needs log_likelihood"
        if system.module is not None:
            optimiser = torch.optim.Adam(system.module.parameters(), lr=1e-2)
            batch = system.collate(_listed_resources().train)
            for update in range(40):
                optimiser.zero_grad()
                ids = [f"{update} {e.id}" for e in _listed_resources().train]
                system.loss(batch, make_noise(SEED, ids)).total.backward()
                optimiser.step()
            system.module.eval()
        return system

    def train(self, system: System, folder: Path, *, checkpoint_s: float) -> None:
        """Train for a few updates with the harness's own loop."""
        Trainer(
            system,
            _task().train,
            _task().valid,
            recipe=TrainingRecipe(
                batch=8,
                warmup_updates=2,
                ema_decay=0.9,
                valid_examples=4,
                quality_examples=0,
                checkpoint_s=checkpoint_s,
            ),
            budget=Budget(updates=UPDATES),
            seed=SEED,
            folder=folder,
        ).run()

    def settings(self) -> list[DecodingProtocol]:
        """The decodings as the system's own dataclass."""
        return [fill(self.system_class.Decoding, values, "decoding") for values in self.decodings]

    def texts(
        self,
        decoding: DecodingProtocol,
        *,
        examples: Sequence[Example] | None = None,
        num_samples: int = NUM_SAMPLES,
        system: System | None = None,
    ) -> list[list[str]]:
        """The generated texts for the examples.

        Args:
            decoding: one of `settings()`.
            examples: None is a few of the test split.
            num_samples: candidates per example.
            system: in place of the subject's own.
        """
        examples = _examples() if examples is None else examples
        made = self.candidates(decoding, examples, num_samples, system)
        return [[candidate.text for candidate in of_source] for of_source in made]

    def candidates(
        self,
        decoding: DecodingProtocol,
        examples: Sequence[Example],
        num_samples: int = NUM_SAMPLES,
        system: System | None = None,
    ) -> Candidates:
        """What the system returns."""
        used = system or self.system
        if used.module is not None:
            used.module.eval()
        return used.generate(
            [example.source for example in examples],
            decoding,
            num_samples=num_samples,
            seed=SEED,
            ids=[example.id for example in examples],
        )


def check_declarations(subject: Subject) -> None:
    """Class attributes exist, and settings are frozen dataclasses with defaults."""
    cls = subject.system_class
    assert isinstance(cls.id, str) and isinstance(cls.version, int) and cls.family
    for owner in (cls.Config, cls.Decoding):
        assert dataclasses.is_dataclass(owner), f"{owner} is not a dataclass"
        assert owner.__dataclass_params__.frozen, f"{owner} is not frozen"  # type: ignore[attr-defined]
        owner()
    assert isinstance(cls.Decoding(), DecodingProtocol)
    names = {f.name for f in dataclasses.fields(cls.Decoding)}
    for knob in (cls.capabilities.knob, cls.capabilities.nfe_knob):
        assert knob is None or knob in names, f"{knob} is not a field of Decoding"
    assert cls.capabilities.trainable == (subject.system.module is not None)
    assert cls.capabilities.likelihood in (None, *get_args(LikelihoodKind))


def check_counts(subject: Subject) -> None:
    """`num_samples` candidates for every source, none of them None."""
    for decoding in subject.settings():
        made = subject.candidates(decoding, _examples())
        assert [len(of_source) for of_source in made] == [NUM_SAMPLES] * len(_examples())
        for candidate in (c for of_source in made for c in of_source):
            assert isinstance(candidate.text, str)
            assert candidate.status in ("ok", "empty", "truncated", "unfinished")
            assert (candidate.status == "empty") <= (candidate.text == "")
    assert subject.candidates(subject.settings()[0], []) == []


def check_permutation(subject: Subject) -> None:
    """Permuting the sources permutes the results."""
    for decoding in subject.settings():
        straight = subject.texts(decoding)
        turned = subject.texts(decoding, examples=_examples()[::-1])
        assert turned == straight[::-1]


def check_batch_size(subject: Subject) -> None:
    """A source decoded alone gives the same texts as in a batch."""
    for decoding in subject.settings():
        alone = [subject.texts(decoding, examples=[e])[0] for e in _examples()]
        assert alone == subject.texts(decoding)


def check_number_of_candidates(subject: Subject) -> None:
    """Candidate k is the same however many are requested; n-best lists are nested anyway."""
    for decoding in subject.settings():
        if decoding.kind != "n-best":
            few = subject.texts(decoding, num_samples=2)
            many = subject.texts(decoding, num_samples=NUM_SAMPLES)
            assert few == [of_source[:2] for of_source in many]


def check_repeated(subject: Subject) -> None:
    """Two calls with the same seed give the same texts."""
    for decoding in subject.settings():
        torch.manual_seed(1)
        first = subject.texts(decoding)
        torch.manual_seed(2)
        assert first == subject.texts(decoding), "generation draws from a global generator"


def check_save_load(subject: Subject) -> None:
    """A system that was saved and loaded generates the same texts."""
    if subject.system.module is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system"
        subject.system.save(path)
        assert not [p for p in path.iterdir() if p.suffix in (".pt", ".bin", ".pkl")]
        loaded = subject.system_class.load(path, "cpu")
        for decoding in subject.settings():
            assert subject.texts(decoding, system=loaded) == subject.texts(decoding)


def check_resume(subject: Subject) -> None:
    """Training that was stopped and resumed equals training that was not, bit for bit."""
    if subject.system.module is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        broken = subject.fresh()
        _stop_after(broken, UPDATES // 2)
        try:
            subject.train(broken, Path(folder), checkpoint_s=1e-9)
        except _StoppedError:
            pass
        else:
            raise AssertionError("the training was not stopped")
        resumed = subject.fresh()
        subject.train(resumed, Path(folder), checkpoint_s=1e9)
    assert resumed.module is not None
    expected = subject.system.module.state_dict()
    for name, value in resumed.module.state_dict().items():
        assert torch.equal(value, expected[name]), f"{name} differs after resuming"


def check_nfe(subject: Subject) -> None:
    """The number of network calls is the one declared by the setting."""
    for decoding in subject.settings():
        if decoding.nfe is None:
            continue
        with CostMeter(subject.system.network).running() as meter:
            subject.candidates(decoding, _examples())
        assert meter.calls == decoding.nfe, f"{meter.calls} calls, {decoding.nfe} requested"


def check_trace(subject: Subject) -> None:
    """Observing changes nothing, and the last state reads as the candidates do."""
    if not isinstance(subject.system, Traceable):
        return
    for decoding in (d for d in subject.settings() if d.kind != "n-best"):
        num_samples = 1 if decoding.kind == "single" else NUM_SAMPLES
        seen = trace(
            subject.system,
            _examples(),
            decoding,
            num_samples=num_samples,
            seed=SEED,
            batch=10**6,
            steps=3,
        )
        assert seen.steps[-1] == seen.total
        assert list(seen.texts[-1]) == subject.texts(decoding, num_samples=num_samples)


def check_plain_text(subject: Subject) -> None:
    """No special token appears in a text."""
    tokenizer = resources(subject.lengths).tokenizer
    marks = ("[PAD]", "[BOS]", "[EOS]", "[SEP]", "[CLS]", "[MASK]", "[UNK]", "<s>", "</s>", "<pad>")
    assert tokenizer.decode(sorted(tokenizer.special_ids)) == ""
    for decoding in subject.settings():
        for text in (t for of_source in subject.texts(decoding) for t in of_source):
            assert not [mark for mark in marks if mark in text], text
            assert text == text.strip()


def check_odd_sources(subject: Subject) -> None:
    """Empty, over-long and unknown sources get candidates; a truncated source is marked.

    None of them changes the candidates of its neighbours in the batch.
    """
    usual = _examples()[0]
    long = " ".join([usual.source] * 20)
    odd = [
        dataclasses.replace(usual, id=name, source=source)
        for name, source in zip(ODD, ("", long, "xyzzy \N{SNOWMAN} [MASK]"), strict=True)
    ]
    for decoding in subject.settings():
        made = subject.candidates(decoding, [usual, *odd])
        assert [len(of_source) for of_source in made] == [NUM_SAMPLES] * 4
        assert [c.text for c in made[0]] == subject.texts(decoding, examples=[usual])[0]
        # A guided system reads no source.
        is_guided = subject.system_class.capabilities.control == "guided"
        if subject.system.module is not None and not is_guided:
            assert {c.status for c in made[2]} <= {"truncated", "unfinished", "empty"}


def check_loss(subject: Subject) -> None:
    """The loss is finite, named, a function of its noise alone, and reaches every parameter."""
    system = subject.system
    if system.module is None:
        return
    examples = _task().train[:8]
    batch = system.collate(examples)
    ids = [example.id for example in examples]
    system.module.eval()
    first, again = (system.loss(batch, make_noise(SEED, ids)) for _ in range(2))
    assert torch.isfinite(first.total) and first.total.ndim == 0
    assert first.terms and first.tokens > 0
    assert torch.equal(first.total, again.total), "the loss draws from a global generator"
    system.module.zero_grad()
    first.total.backward()
    idle = [n for n, p in system.module.named_parameters() if p.requires_grad and p.grad is None]
    assert not idle, f"no gradient reaches {idle}"


def check_mean(subject: Subject) -> None:
    """The loss is a mean over what `LossTerms.mean_over` declares, not over the other unit.

    Noise is keyed by the position in the batch here, and each of two examples occupies each
    position once, so that for either kind of mean the equation holds exactly. A sum of means over
    randomly drawn positions is neither, and may declare the nearest one.
    """
    system = subject.system
    if system.module is None:
        return
    system.module.eval()
    some = sorted(_task().train, key=lambda e: len(e.target.split()))
    a, b = some[0], some[-1]
    ids = ["place 0", "place 1"]
    with torch.no_grad():
        ab, ba, aa, bb = (
            system.loss(system.collate(pair), make_noise(SEED, ids))
            for pair in ([a, b], [b, a], [a, a], [b, b])
        )
    found = float(ab.total + ba.total)
    means = {
        "tokens": 2 * float(aa.tokens * aa.total + bb.tokens * bb.total) / (aa.tokens + bb.tokens),
        "examples": float(aa.total + bb.total),
    }
    exact = [name for name, mean in means.items() if math.isclose(mean, found, rel_tol=1e-5)]
    assert not exact or ab.mean_over in exact, (
        f"mean_over is {ab.mean_over}, but the loss is a mean over {exact[0]}"
    )


def check_operators(subject: Subject) -> None:
    """Operators are a function of labels and seed, are restored, and steer what names a value.

    A control line that names none is answered as without operators but for the start, and fitting
    changes no weight of the generator.
    """
    system = subject.system
    is_guided = subject.system_class.capabilities.control == "guided"
    assert isinstance(system, Steerable) == is_guided, "guided systems are Steerable, no others"
    if not isinstance(system, Steerable):
        return
    attributes = {"first": ("a", "b"), "last": ("c", "d")}
    labelled = [
        dataclasses.replace(e, attributes={"first": "ab"[i % 2], "last": "cd"[i // 2 % 2]})
        for i, e in enumerate(_task().train[:32])
    ]
    lines = ("first: a", "first: b | last: c", "", "last: d", "=> a text to be edited")
    asked = [
        dataclasses.replace(e, source=line) for e, line in zip(_examples(), lines, strict=True)
    ]
    recipe = subject.system_class.OperatorConfig()  # type: ignore[attr-defined]
    assert system.module is not None
    weights = {name: tensor.clone() for name, tensor in system.module.state_dict().items()}
    (decoding, *_) = subject.settings()
    system.fit_operators(_task().train, labelled, attributes, recipe, seed=SEED)
    steered = subject.texts(decoding, examples=asked)
    after = system.module.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in weights.items())
    with tempfile.TemporaryDirectory() as folder:
        system.save(Path(folder) / "system")
        system.save_operators(Path(folder) / "operators")
        again = subject.system_class.load(Path(folder) / "system", "cpu")
        again.load_operators(Path(folder) / "operators", recipe)  # type: ignore[attr-defined]
    assert subject.texts(decoding, examples=asked, system=again) == steered
    for example, of_source in zip(asked, steered, strict=True):
        assert subject.texts(decoding, examples=[example])[0] == of_source
    system.fit_operators(_task().train, labelled, attributes, recipe, seed=SEED)
    assert subject.texts(decoding, examples=asked) == steered, "fitting is not a function of seed"


def check_likelihood(subject: Subject) -> None:
    """Likelihoods are what is declared, and a function of example and noise alone.

    A target that is too long for the canvas has none. Batches differ in their rounding.
    """
    system = subject.scorable
    if system is None:
        return
    examples = [dataclasses.replace(e, source=e.target) for e in _listed_examples()[:6]]
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
            system, _listed_examples(), num_samples=64, weighting=weighting, steps=steps
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
    listed = _listed_examples()
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


CHECKS: tuple[Callable[[Subject], None], ...] = tuple(
    function for name, function in list(globals().items()) if name.startswith("check_")
)


class _StoppedError(Exception):
    """Simulates the process being killed."""


def _stop_after(system: System, updates: int) -> None:
    """Make the system's `collate` fail after a number of updates."""
    collate, calls = system.collate, 0

    def stopping(examples: Sequence[Example]) -> Any:
        nonlocal calls
        calls += 1
        if calls > updates:
            raise _StoppedError
        return collate(examples)

    system.collate = stopping  # type: ignore[method-assign]


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


class _TwoLetters:
    """`benchmark.api.Tokenizer` of the listed texts: each has one spelling."""

    vocab_size = 7
    pad_id, bos_id, eos_id, sep_id, mask_id, unk_id = 0, 1, 2, 3, 4, 4
    special_ids = frozenset(range(5))

    def encode(self, text: str) -> list[int]:
        return [5 + "ab".index(word) for word in text.split()]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join("ab"[i - 5] for i in ids if i not in self.special_ids)

    def save(self, path: Path) -> None:
        raise NotImplementedError


@lru_cache(maxsize=1)
def _listed_examples() -> tuple[Example, ...]:
    """Every text that a canvas of `LISTED` can hold, as the target of one source."""
    words = (itertools.product("ab", repeat=length) for length in range(LISTED.target + 1))
    texts = [" ".join(text) for text in itertools.chain.from_iterable(words)]
    return tuple(Example(f"text {text}", "a b a", text, (text,)) for text in texts)


@lru_cache(maxsize=1)
def _listed_resources() -> Resources:
    train = tuple(
        Example(f"{text} {copy}", "a b a", text, (text,))
        for text, share in TRUTH.items()
        for copy in range(round(20 * share))
    )
    return Resources(
        tokenizer=_TwoLetters(),
        lengths=LISTED,
        train=train,
        references={example.id: example.references for example in _listed_examples()},
        conditional=lambda source, temperature: TRUTH,
    )


@lru_cache(maxsize=1)
def _task() -> Task:
    return load_task("paraphrase", data_dir=None, limits={"train": 64, "valid": 8, "test": 5})


def _examples() -> Sequence[Example]:
    return _task().test


@lru_cache(maxsize=4)
def resources(lengths: Lengths) -> Resources:
    """The resources of a small controlled task."""
    task = _task()
    texts = [text for e in task.train for text in (e.source, e.target)]
    return Resources(
        tokenizer=train_tokenizer(texts, TokenizerRecipe()),
        lengths=lengths,
        train=task.train,
        references={e.id: e.references for e in task.test}
        | dict.fromkeys(ODD, task.test[0].references),
        conditional=task.conditional,
        # A task without labels leaves every target possible.
        informed_draw=lambda train: lambda source, seed: train[seed % len(train)].target,
    )
