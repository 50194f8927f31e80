from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.api import Candidates, Example, Lengths, Resources, UserError, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.settings import (
    DiffuSeqConfig,
    DiffuSeqDecoding,
    DiffuSeqV2Config,
    DiffuSeqV2Decoding,
)
from diffuseq.system import DiffuSeq
from diffuseq.system_v2 import DiffuSeqV2

PAIRS = (
    ("the cat sat", "a feline rested"),
    ("birds sing", "there is music"),
    ("it rains", "water falls from above"),
    ("we sleep", "nobody is awake"),
)
EXAMPLES = tuple(Example(f"e{i}", x, y, (y,)) for i, (x, y) in enumerate(PAIRS))
IDS = [e.id for e in EXAMPLES]
PLAIN = DiffuSeqConfig(
    embedding_dim=12,
    width=48,
    layers=2,
    heads=4,
    ffn=96,
    time_dim=16,
    dropout=0.0,
    diffusion_steps=200,
    timesteps="uniform",
)
SMALL = DiffuSeqV2Config(**asdict(PLAIN))
RESOURCES = Resources(
    train_tokenizer([t for pair in PAIRS for t in pair], TokenizerRecipe()), Lengths(7, 7)
)


def build(config: DiffuSeqV2Config = SMALL) -> DiffuSeqV2:
    torch.manual_seed(0)
    return DiffuSeqV2.build(config, RESOURCES)


def generate(
    system: DiffuSeq,
    decoding: DiffuSeqDecoding,
    examples: Sequence[Example] = EXAMPLES,
    num_samples: int = 2,
) -> tuple[Candidates, list[Tensor]]:
    states: list[Tensor] = []
    drawn = system.generate(
        [e.source for e in examples],
        decoding,
        num_samples=num_samples,
        seed=5,
        ids=[e.id for e in examples],
        on_step=lambda _, z: states.append(z),
    )
    return drawn, states


def seen_in_training(system: DiffuSeqV2, seed: int = 0) -> tuple[Tensor, Tensor]:
    """What the network is shown, and t."""
    shown: list[tuple[Tensor, ...]] = []
    hook = system.network.register_forward_pre_hook(lambda _, inputs: shown.append(inputs))
    system.loss(system.collate(EXAMPLES), make_noise(seed, IDS))
    hook.remove()
    return shown[0][0].detach(), shown[0][1]


def test_without_its_absorbing_state_it_is_diffuseq() -> None:
    """m at the origin, no discrete noise, no penalty: losses and texts bit for bit."""
    system = build(replace(SMALL, discrete_rate=0.0, absorbing_weight=0.0))
    with torch.no_grad():
        system.module.absorbing.zero_()
    older = DiffuSeq.build(PLAIN, RESOURCES)
    weights = system.module.state_dict()
    del weights["absorbing"]
    older.module.load_state_dict(weights)
    batch = system.collate(EXAMPLES)
    for seed in range(3):
        new, old = (s.loss(batch, make_noise(seed, IDS)) for s in (system, older))
        torch.testing.assert_close(new.total, old.total)
        assert set(new.terms) == {*old.terms, "absorbing"}
    shared: dict[str, Any] = {"nfe": 7, "clamp": False}
    for options in ({"solver": "dpm-solver++"}, {"solver": "ancestral"}, {"solver": "ddim"}):
        new_states = generate(system, DiffuSeqV2Decoding(**shared, **options))[1]
        old_states = generate(older, DiffuSeqDecoding(**shared, **options))[1]
        torch.testing.assert_close(new_states, old_states)


@pytest.mark.slow
def test_the_network_sees_noise_round_m_and_m_itself() -> None:
    config = replace(SMALL, discrete_rate=1.0)
    system = build(config)
    with torch.no_grad():
        system.module.absorbing.fill_(50.0)
    is_target = system.collate(EXAMPLES)["is_target"]
    shares, rates = [], []
    for seed in range(40):
        shown, t = seen_in_training(system, seed)
        is_m = (shown == 50.0).all(-1)
        assert not is_m[~is_target].any() and shown[~is_target].abs().max() < 10
        shares.append([is_m[i, is_target[i]].double().mean() for i in range(len(t))])
        rates.append((1 - system.module.alpha_bar[t]).sqrt().tolist())
        # Round m where little of the text is left, away from it where much is.
        kept = (1 - system.module.alpha_bar[t].sqrt())[:, None].expand_as(is_m)
        moved = shown.mean(-1) / 50
        noised = is_target & ~is_m
        assert (moved - kept)[noised].abs().max() < 0.1
    share, rate = torch.tensor(shares).mean().item(), torch.tensor(rates).mean().item()
    assert share == pytest.approx(rate, abs=0.05)
    quiet = build(replace(config, discrete_rate=0.0))
    assert not (seen_in_training(quiet)[0] == quiet.module.absorbing).all(-1).any()


def test_the_penalty_is_the_norm_of_m() -> None:
    system = build(replace(SMALL, absorbing_weight=0.5))
    with torch.no_grad():
        system.module.absorbing.zero_()[:2] = torch.tensor([3.0, 4.0])
    out = system.loss(system.collate(EXAMPLES), make_noise(0, IDS))
    assert out.terms["absorbing"].item() == pytest.approx(2.5)
    torch.testing.assert_close(torch.stack(list(out.terms.values())).sum(), out.total)
    out.total.backward()
    assert system.module.absorbing.grad is not None and system.module.absorbing.grad.abs().min() > 0


def test_m_begins_with_length_one() -> None:
    m = build(replace(SMALL, embedding_dim=4000, width=4, layers=1, ffn=4)).module.absorbing
    assert m.norm().item() == pytest.approx(1.0, abs=0.06)
    assert m.std().item() == pytest.approx(4000**-0.5, rel=0.06)


def test_ancestral_steps_inject_m() -> None:
    system = build(replace(SMALL, discrete_rate=1.0))
    is_target = system.canvas.open([e.source for e in EXAMPLES]).batch["is_target"]
    is_target = is_target.repeat_interleave(2, dim=0)
    decoding = DiffuSeqV2Decoding(solver="ancestral", nfe=8)

    def injected(states: list[Tensor]) -> list[Tensor]:
        return [(state == system.module.absorbing).all(-1) for state in states]

    where = injected(generate(system, decoding)[1])
    # The first step from pure noise leaves nothing of it: all turn into m. Later steps leave more.
    shares = [(places.sum() / is_target.sum()).item() for places in where]
    assert shares[0] > 0.9 and min(shares[1:-1]) > 0 and max(shares[1:-1]) < 1
    assert not where[-1].any()
    assert not any(places[~is_target].any() for places in where)
    assert not torch.equal(where[0], where[1])
    for off in (
        replace(decoding, discrete_rate=0.0),
        replace(decoding, temperature=0.0),
        replace(decoding, solver="dpm-solver++"),
        replace(decoding, solver="ddim", eta=1.0),
    ):
        assert not any(places.any() for places in injected(generate(system, off)[1]))


def test_first_states() -> None:
    system = build()
    with torch.no_grad():
        system.module.absorbing.fill_(50.0)
    for solver, centre, mean in (
        ("dpm-solver++", "absorbing", 50),
        ("dpm-solver++", "official", 0),
        ("ancestral", "absorbing", 50),
        ("ancestral", "official", 50),
    ):
        shown: list[Tensor] = []
        hook = system.network.register_forward_pre_hook(
            lambda _, inputs, kept=shown: kept.append(inputs[0])  # type: ignore[misc]
        )
        decoding = DiffuSeqV2Decoding(solver=solver, centre=centre, nfe=2)  # type: ignore[arg-type]
        generate(system, decoding)
        hook.remove()
        assert shown[0][:, -1].mean().item() == pytest.approx(mean, abs=1.0), (solver, centre)


@pytest.mark.parametrize(("solver", "late"), [("dpm-solver++", 1), ("ancestral", 0)])
def test_the_official_clock_is_one_step_late(solver: str, late: int) -> None:
    system = build()
    told: list[list[int]] = []
    system.network.register_forward_pre_hook(lambda _, inputs: told.append(inputs[1].tolist()))
    plain = DiffuSeqV2Decoding(solver=solver, nfe=4)  # type: ignore[arg-type]
    generate(system, plain, EXAMPLES[:1], 1)
    generate(system, replace(plain, clock="official"), EXAMPLES[:1], 1)
    assert told == [[200], [150], [100], [50], *([t + late] for t in (200, 150, 100, 50))]


def test_carrying_the_prediction_forgets_the_state() -> None:
    """With a network that always answers the same, what comes after does not depend on noise."""
    system = build()
    answer = torch.randn(1, 14, 12)
    system.module.denoiser.forward = lambda z, t, present: answer.expand_as(z)  # type: ignore[method-assign]
    official = DiffuSeqV2Decoding(nfe=3, carry="prediction")
    for decoding, is_equal in ((official, True), (replace(official, carry="state"), False)):
        first = generate(system, decoding, EXAMPLES[:1], 2)[1][0]
        assert torch.allclose(first[0], first[1]) == is_equal


@pytest.fixture(scope="module")
def trained(teach: Callable[..., None]) -> DiffuSeqV2:
    """A tiny model after some 300 updates on four pairs: a few seconds."""
    system = build(replace(SMALL, mse_over="target"))
    teach(system, EXAMPLES, 300)
    return system


@pytest.mark.slow
@pytest.mark.parametrize(
    "decoding",
    [
        DiffuSeqV2Decoding(),
        DiffuSeqV2Decoding(
            grid="official-uniform", centre="official", carry="prediction", clock="official"
        ),
        DiffuSeqV2Decoding(solver="ancestral", nfe=50),
        DiffuSeqV2Decoding(solver="ancestral", nfe=200, clamp=True, centre="official"),
        DiffuSeqV2Decoding(solver="ddim", eta=1.0, nfe=20),
    ],
    ids=["dpm-solver++", "official", "ancestral", "official ancestral", "ddim"],
)
def test_four_pairs_are_learnt_by_heart(trained: DiffuSeqV2, decoding: DiffuSeqV2Decoding) -> None:
    drawn, _ = generate(trained, decoding)
    assert [[c.text for c in row] for row in drawn] == [[e.target] * 2 for e in EXAMPLES]


@pytest.mark.slow
def test_saved_and_loaded_is_the_same(trained: DiffuSeqV2, tmp_path: Path) -> None:
    trained.save(tmp_path)
    loaded = DiffuSeqV2.load(tmp_path, "cpu")
    assert loaded.config == trained.config
    assert torch.equal(loaded.module.absorbing, trained.module.absorbing)
    decoding = DiffuSeqV2Decoding(solver="ancestral", nfe=5, temperature=2.0)
    torch.testing.assert_close(generate(loaded, decoding)[1], generate(trained, decoding)[1])


def test_mistakes_are_told() -> None:
    with pytest.raises(UserError, match="discrete_rate 2: use 0 to 1"):
        replace(SMALL, discrete_rate=2)
    with pytest.raises(UserError, match="discrete_rate -1: use 0 to 1"):
        DiffuSeqV2Decoding(discrete_rate=-1)
    with pytest.raises(UserError, match="width 48, heads 5"):
        build(replace(SMALL, heads=5))
