"""What a system declares, and the texts that it writes."""

from __future__ import annotations

import dataclasses
from typing import get_args

import torch

from benchmark.api import DecodingProtocol, LikelihoodKind, Traceable
from benchmark.generation.intermediate_states import trace
from benchmark.generation.measured_generation import CostMeter
from benchmark.testing.subject import NUM_SAMPLES, ODD, SEED, Subject, few_examples, resources


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
        made = subject.candidates(decoding, few_examples())
        assert [len(of_source) for of_source in made] == [NUM_SAMPLES] * len(few_examples())
        for candidate in (c for of_source in made for c in of_source):
            assert isinstance(candidate.text, str)
            assert candidate.status in ("ok", "empty", "truncated", "unfinished")
            assert (candidate.status == "empty") <= (candidate.text == "")
    assert subject.candidates(subject.settings()[0], []) == []


def check_permutation(subject: Subject) -> None:
    """Permuting the sources permutes the results."""
    for decoding in subject.settings():
        straight = subject.texts(decoding)
        turned = subject.texts(decoding, examples=few_examples()[::-1])
        assert turned == straight[::-1]


def check_batch_size(subject: Subject) -> None:
    """A source decoded alone gives the same texts as in a batch."""
    for decoding in subject.settings():
        alone = [subject.texts(decoding, examples=[e])[0] for e in few_examples()]
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


def check_nfe(subject: Subject) -> None:
    """The number of network calls is the one declared by the setting."""
    for decoding in subject.settings():
        if decoding.nfe is None:
            continue
        with CostMeter(subject.system.network).running() as meter:
            subject.candidates(decoding, few_examples())
        assert meter.calls == decoding.nfe, f"{meter.calls} calls, {decoding.nfe} requested"


def check_trace(subject: Subject) -> None:
    """Observing changes nothing, and the last state reads as the candidates do."""
    if not isinstance(subject.system, Traceable):
        return
    for decoding in (d for d in subject.settings() if d.kind != "n-best"):
        num_samples = 1 if decoding.kind == "single" else NUM_SAMPLES
        seen = trace(
            subject.system,
            few_examples(),
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
    usual = few_examples()[0]
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
