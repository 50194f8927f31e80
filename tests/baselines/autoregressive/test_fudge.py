from __future__ import annotations

import itertools

import pytest
import torch

from baselines.autoregressive.causal_language_model import StateStepper
from baselines.autoregressive.decoding import AutoregressiveDecoding
from baselines.autoregressive.fudge import FudgeDecoding, FudgeSystem, PrefixOperatorRecipe
from baselines.autoregressive.gpt2 import GPT2Config, GPT2System
from baselines.autoregressive.rescoring import RescoredStepper
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

# Transformers takes seconds to import.
pytestmark = pytest.mark.slow

TEXTS = ["soup was good", "soup was bad", "cake is good", "cake is bad and cold"]
ATTRIBUTES = {"mood": ("good", "bad")}
EXAMPLES = [
    api.Example(str(i), "a source", text, (text,), {"mood": "good" if "good" in text else "bad"})
    for i, text in enumerate(TEXTS)
]
CONFIG = GPT2Config(dim=16, layers=2, heads=2, ffn=16, dropout=0.0)
LINES = ("mood: bad", "", "mood: good", "mood: bad => soup was good")
IDS = [f"id {i}" for i in range(len(LINES))]


def build(system_class: type[GPT2System]) -> GPT2System:
    torch.manual_seed(0)
    resources = api.Resources(train_tokenizer(TEXTS, TokenizerRecipe()), api.Lengths(4, 7))
    made = system_class.build(CONFIG, resources)
    # Wide weights: an untrained model is so flat that wrong keys would hardly show.
    for weight in made.module.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.5)
    return made


@pytest.fixture
def system() -> FudgeSystem:
    made = build(FudgeSystem)
    assert isinstance(made, FudgeSystem)
    recipe = PrefixOperatorRecipe(hidden=4, updates=30)
    made.fit_operators(EXAMPLES, EXAMPLES, ATTRIBUTES, recipe, seed=3)
    return made


def texts(
    system: FudgeSystem, *lines: str, num_samples: int = 3, **decoding: float
) -> list[list[str]]:
    made = system.generate(
        lines,
        FudgeDecoding(**decoding),  # type: ignore[arg-type]
        num_samples=num_samples,
        seed=5,
        ids=IDS[: len(lines)],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def test_without_strength_it_is_the_language_model(system: FudgeSystem) -> None:
    plain = build(GPT2System).generate(
        [""] * len(LINES),
        AutoregressiveDecoding(temperature=0.8),
        num_samples=3,
        seed=5,
        ids=IDS,
    )
    expected = [[candidate.text for candidate in of_source] for of_source in plain]
    assert texts(system, *LINES, strength=0.0, temperature=0.8) == expected
    steered = texts(system, *LINES, temperature=0.8)
    # The empty line wants nothing.
    assert steered[1] == expected[1] and steered != expected


def test_every_step_is_the_reweighted_distribution(system: FudgeSystem) -> None:
    """Over all beginnings of two tokens, without a cache and without sharing any row."""
    model, operators, vocab = system._model, system.operators, system.tokenizer.vocab_size
    assert operators is not None
    start, strength = system._separator, 1.7
    embeddings = model.get_input_embeddings().weight.detach()
    forbidden = torch.tensor([system.tokenizer.pad_id])
    for prefix in itertools.islice(itertools.permutations(range(vocab), 2), 0, None, 7):
        stepper = RescoredStepper(
            StateStepper(model, system._starts(1), 1),
            operators,
            operators.read_tokens(embeddings),
            {"mood": torch.tensor([1])},
            strength,
            vocab,
            forbidden,
        )
        with torch.no_grad():
            stepper.step(torch.tensor(start))
            stepper.step(torch.tensor(prefix[:1]))
            found = stepper.step(torch.tensor(prefix[1:])).softmax(-1)[0]
            output = model(torch.tensor([[*start, *prefix]]), output_hidden_states=True)
        p = output.logits[0, -1].double().softmax(-1)
        p[forbidden] = 0.0
        state = output.hidden_states[-1][0, -1]
        for token in range(vocab):
            x = torch.cat((state, embeddings[token]))
            log_p = operators.of["mood"]((x - operators.mean) / operators.scale)[1]
            p[token] *= (strength * log_p.double()).exp()
        torch.testing.assert_close(found, p / p.sum(), rtol=1e-4, atol=1e-7)


def test_tokens_are_read_once_for_all_steps(
    system: FudgeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocab, read = system.tokenizer.vocab_size, []
    linear = torch.nn.functional.linear

    def record(x: torch.Tensor, *others: torch.Tensor | None) -> torch.Tensor:
        read.append(x.shape[:1] == (vocab,))
        return linear(x, *others)

    monkeypatch.setattr("baselines.autoregressive.rescoring.functional.linear", record)
    (found,) = texts(system, "mood: bad", num_samples=2)
    assert read.count(True) == 1 and any(len(text.split()) > 1 for text in found)


def test_operators_read_the_prefix_of_every_token(system: FudgeSystem) -> None:
    inputs, lengths = system._prefixes(TEXTS)
    assert lengths.tolist() == [4, 4, 4, 6] and len(inputs) == 18
    model, tokenizer = system._model, system.tokenizer
    last = [*tokenizer.encode(TEXTS[3]), tokenizer.eos_id]
    with torch.no_grad():
        output = model(torch.tensor([[*system._separator, *last[:-1]]]), output_hidden_states=True)
    expected = torch.cat(
        (output.hidden_states[-1][0], model.get_input_embeddings().weight[last]), dim=-1
    )
    torch.testing.assert_close(inputs[12:], expected.detach())


def test_the_source_is_not_read_in_training(system: FudgeSystem) -> None:
    batch, noise = system.collate(EXAMPLES), api.make_noise(1, [e.id for e in EXAMPLES])
    assert batch["prompt"].tolist() == [system._separator] * 4
    loss = system.loss(batch, noise)
    assert loss.tokens == 18 and loss.total.isfinite()


def test_the_wanted_value_is_said_more_often(system: FudgeSystem) -> None:
    good, bad = (
        " ".join(texts(system, f"mood: {value}", num_samples=50, strength=4.0)[0]).split()
        for value in ATTRIBUTES["mood"]
    )
    assert good.count("good") / len(good) > bad.count("good") / len(bad)
    assert good.count("bad") / len(good) < bad.count("bad") / len(bad)


def test_a_text_to_be_edited_is_not_read(system: FudgeSystem) -> None:
    asked = texts(system, "", "", "", "mood: bad")
    assert texts(system, "", "", "", "mood: bad => soup was good") == asked


def test_greedy_text_is_decoded_once(system: FudgeSystem) -> None:
    (first, second), *_ = texts(system, "mood: bad", num_samples=2, temperature=0.0)
    assert first == second
    assert FudgeDecoding(temperature=0.0).kind == "single"


def test_what_no_operator_knows_is_refused(system: FudgeSystem) -> None:
    with pytest.raises(api.UserError, match=r"no operator for 'mood: great'.*mood: good, bad"):
        texts(system, "mood: great")
    system.operators = None
    with pytest.raises(api.UserError, match="fudge has no operators"):
        texts(system, "mood: bad")
    assert texts(system, "mood: bad", strength=0.0) != []


def test_no_labels_steer_by_nothing() -> None:
    made = build(FudgeSystem)
    assert isinstance(made, FudgeSystem)
    made.fit_operators(EXAMPLES, [], ATTRIBUTES, PrefixOperatorRecipe(updates=1), seed=3)
    assert len(texts(made, "mood: bad")[0]) == 3
