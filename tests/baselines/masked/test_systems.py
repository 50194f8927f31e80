from dataclasses import asdict, replace

import pytest
import torch

from baselines.masked.settings import MaskedConfig, MaskedDecoding
from baselines.masked.systems import (
    CMLM,
    MDLM,
    NAT,
    D3PMAbsorbing,
    D3PMUniform,
    RDMAbsorbing,
    RDMMultinomial,
)
from benchmark.api import UnnamedCheckpointWarning, UserError, make_noise

TINY = MaskedConfig(
    dim=32, heads=2, ffn=64, encoder_layers=1, decoder_layers=1, dropout=0.0, timesteps=20
)


def fit(system, pairs, updates):
    optimiser = torch.optim.Adam(system.module.parameters(), lr=5e-3)
    batch = system.collate(pairs)
    for update in range(updates):
        terms = system.loss(batch, make_noise(1, [f"{update}.{e.id}" for e in pairs]))
        optimiser.zero_grad()
        terms.total.backward()
        optimiser.step()


def texts(system, pairs, decoding, num_samples=1, seed=1):
    made = system.generate(
        [e.source for e in pairs],
        decoding,
        num_samples=num_samples,
        seed=seed,
        ids=[e.id for e in pairs],
    )
    return [[candidate.text for candidate in row] for row in made]


@pytest.fixture
def system(resources):
    return D3PMAbsorbing.build(TINY, resources)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (D3PMAbsorbing, {"corruptions": 2}),
        (D3PMAbsorbing, {"corruptions": 2, "time_embedding": True, "norm": "post"}),
        (D3PMUniform, {"corruptions": 4, "time_embedding": True}),
        (MDLM, {"corruptions": 2}),
        (RDMAbsorbing, {"corruptions": 2}),
        (RDMMultinomial, {"corruptions": 4, "time_embedding": True}),
        (CMLM, {"corruptions": 2}),
        (NAT, {}),
    ],
)
def test_eight_pairs_are_learnt(resources, pairs, kind, changes):
    system = kind.build(replace(TINY, **changes), resources)
    fit(system, pairs, updates=130)
    decoding = kind.Decoding(temperature=0.3)
    assert texts(system, pairs, decoding) == [[e.target] for e in pairs]


@pytest.mark.parametrize("nfe", [1, 4, 33])
def test_network_calls_are_those_asked_for(system, pairs, nfe):
    calls, steps = [], []
    hook = system.network.register_forward_hook(lambda *_: calls.append(1))
    system.generate(
        [e.source for e in pairs],
        MaskedDecoding(nfe=nfe),
        num_samples=2,
        seed=1,
        ids=[e.id for e in pairs],
        on_step=lambda step, x_t: steps.append(step),
    )
    hook.remove()
    assert len(calls) == nfe and steps == list(range(nfe))


@pytest.mark.parametrize("kind", [D3PMAbsorbing, D3PMUniform, CMLM])
def test_candidates_hang_on_nothing_but_their_source(resources, pairs, kind):
    system = kind.build(TINY, resources)
    decoding = MaskedDecoding(nfe=5, temperature=0.9)
    together = texts(system, pairs, decoding, 3)
    assert texts(system, pairs[::-1], decoding, 3) == together[::-1]
    assert texts(system, pairs[2:3], decoding, 3) == together[2:3]
    assert texts(system, pairs, decoding, 2) == [row[:2] for row in together]
    assert texts(system, pairs, decoding, 3, seed=2) != together


def test_loss_is_a_bound_per_target_token(system, pairs):
    batch = system.collate(pairs)
    system.config = replace(TINY, cross_entropy_weight=0.25)
    terms = system.loss(batch, make_noise(1, [e.id for e in pairs]))
    assert terms.tokens == int((batch["target"] != system.resources.tokenizer.pad_id).sum())
    expected = terms.terms["bound"] + 0.25 * terms.terms["cross_entropy"]
    torch.testing.assert_close(terms.total.detach(), expected.float())


def test_loss_is_that_of_each_corruption_averaged(resources, pairs):
    one = D3PMAbsorbing.build(replace(TINY, stratified_times=False), resources)
    ids = [e.id for e in pairs]

    class Repeated:
        """Noise whose first and second corruption are the same numbers."""

        def uniform(self, shape, *, step=0, stream=""):
            numbers = make_noise(1, ids).uniform(shape[:1], step=step, stream=stream)
            if stream == "time":
                return numbers[:, :1].expand(-1, shape[0])
            return numbers[..., None].expand(-1, *shape)

    batch = one.collate(pairs)
    single = one.loss(batch, Repeated())
    one.config = replace(one.config, corruptions=3)
    triple = one.loss(batch, Repeated())
    torch.testing.assert_close(single.total, triple.total)
    assert triple.tokens == single.tokens


@pytest.mark.slow
def test_untrained_bound_is_near_that_of_guessing(resources, pairs):
    """A network that knows nothing costs the logarithm of its choices at every position."""
    system = D3PMAbsorbing.build(TINY, resources)
    with torch.no_grad():
        system.network.tokens.weight.zero_()
    batch = system.collate(pairs)
    choices = torch.tensor(float(resources.tokenizer.vocab_size - 1)).log()
    canvas = batch["target"].numel()
    tokens = int((batch["target"] != resources.tokenizer.pad_id).sum())
    bounds = [
        system.loss(batch, make_noise(seed, [e.id for e in pairs])).terms["bound"]
        for seed in range(100)
    ]
    mean = float(torch.stack(bounds).mean())
    # The mean of 100 batches; its standard error is 2 %.
    assert mean == pytest.approx(float(choices) * canvas / tokens, rel=0.1)


@pytest.mark.parametrize("kind", [D3PMAbsorbing, D3PMUniform, CMLM])
def test_saved_and_loaded_it_writes_the_same(resources, pairs, tmp_path, kind):
    system = kind.build(TINY, resources)
    system.save(tmp_path)
    loaded = kind.load(tmp_path, "cpu")
    decoding = MaskedDecoding(nfe=4)
    assert asdict(loaded.config) == asdict(TINY)
    assert texts(loaded, pairs, decoding, 2) == texts(system, pairs, decoding, 2)


def test_statuses(system):
    made = system.generate(
        ["red " * 20, ""], MaskedDecoding(nfe=2), num_samples=8, seed=1, ids=["x", "y"]
    )
    assert {c.status for c in made[0]} <= {"truncated", "unfinished", "empty"}
    assert system.generate([], MaskedDecoding(), num_samples=1, seed=1, ids=[]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nfe": 0},
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"policy": "psychic"},
        {"grid": "square"},
    ],
)
def test_impossible_settings_are_told(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        MaskedDecoding(**changes)


def test_impossible_configurations_are_told():
    with pytest.raises(UserError, match="timesteps"):
        MaskedConfig(timesteps=0)


def test_policies_that_do_not_fit_are_told(resources):
    with pytest.raises(UserError, match="needs masks"):
        D3PMUniform.Decoding(policy="mask-predict")
    with pytest.raises(UserError, match="confidence"):
        MaskedDecoding(policy="confidence")
    with pytest.raises(UserError, match="length_beam"):
        CMLM.Decoding(length_beam=3)


@pytest.mark.slow
def test_a_length_beam_is_ranked_by_what_the_model_gave(resources, pairs):
    system = CMLM.build(TINY, resources)
    fit(system, pairs, updates=130)
    decoding = CMLM.Decoding(temperature=0.0, length_beam=3, nfe=4)
    assert decoding.kind == "n-best"
    best = texts(system, pairs, decoding, 3)
    # A shorter text can be surer than the right one: the mean knows nothing of lengths.
    assert all(e.target in row for e, row in zip(pairs, best, strict=True))
    assert all(len({len(text.split()) for text in row}) == 3 for row in best)
    assert texts(system, pairs, decoding, 2) == [row[:2] for row in best]
    with pytest.raises(UserError, match="length_beam"):
        texts(system, pairs, decoding, 4)


@pytest.mark.slow
def test_every_policy_finds_what_was_learnt(resources, pairs):
    system = MDLM.build(replace(TINY, corruptions=2), resources)
    fit(system, pairs, updates=150)
    for changes in system.capabilities.ablations["policies"]:
        decoding = replace(MaskedDecoding(nfe=8, temperature=0.2), **changes)
        assert texts(system, pairs, decoding) == [[e.target] for e in pairs], changes


@pytest.mark.parametrize(
    ("writer", "reader"),
    [(MDLM, D3PMAbsorbing), (D3PMAbsorbing, RDMAbsorbing), (RDMAbsorbing, MDLM), (CMLM, NAT),
     (NAT, CMLM), (D3PMUniform, RDMMultinomial)],
)  # fmt: skip
def test_another_system_refuses_weights_of_equal_shapes(resources, tmp_path, writer, reader):
    folder = tmp_path / "system"
    writer.build(TINY, resources).save(folder)
    with pytest.raises(UserError, match=f"'{writer.id}' and cannot be loaded as '{reader.id}'"):
        reader.load(folder, "cpu")
    # A folder of version 0.5.0 says nothing, but for the record of its entry.
    (folder / "system_identity.json").unlink()
    with pytest.warns(UnnamedCheckpointWarning):
        writer.load(folder, "cpu")
    (tmp_path / "record.json").write_text(f'{{"system": "{writer.id}"}}')
    with pytest.raises(UserError, match=f"'{writer.id}' and cannot be loaded as '{reader.id}'"):
        reader.load(folder, "cpu")
