from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.api import Example, Lengths, Resources, UserError, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.diffusion_lm import DiffusionLM, DiffusionLMConfig, DiffusionLMDecoding
from diffuseq.noised_classifier import ClassifierRecipe

TEXTS = ("the soup was good", "the soup was bad", "a cake is good", "a cake is bad and cold")
ATTRIBUTES = {"mood": ("good", "bad"), "dish": ("soup", "cake")}
EXAMPLES = tuple(
    Example(
        f"e{i}",
        "",
        text,
        (text,),
        {"mood": "good" if "good" in text else "bad", "dish": "soup" if "soup" in text else "cake"},
    )
    for i, text in enumerate(TEXTS)
)
SMALL = DiffusionLMConfig(
    embedding_dim=8,
    width=32,
    layers=1,
    heads=2,
    ffn=64,
    time_dim=16,
    dropout=0.0,
    diffusion_steps=100,
)
RECIPE = ClassifierRecipe("words", updates=150, batch=16, learning_rate=0.05)
FEW = DiffusionLMDecoding(nfe=10, clamp=False)


def build() -> DiffusionLM:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS, TokenizerRecipe())
    return DiffusionLM.build(SMALL, Resources(tokenizer, Lengths(8, 9)))


def fit(system: DiffusionLM) -> DiffusionLM:
    system.fit_operators(EXAMPLES, EXAMPLES, ATTRIBUTES, RECIPE, seed=3)
    return system


def texts(
    system: DiffusionLM, *sources: str, decoding: DiffusionLMDecoding = FEW, num_samples: int = 2
) -> list[list[str]]:
    made = system.generate(
        sources,
        decoding,
        num_samples=num_samples,
        seed=5,
        ids=[f"id {source}" for source in sources],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


@pytest.fixture(scope="module")
def trained() -> DiffusionLM:
    """A tiny model after some 600 updates on four texts, with operators: a few seconds."""
    system = build()
    optimizer = torch.optim.AdamW(system.module.parameters(), lr=3e-3)
    batch = system.collate(EXAMPLES * 4)
    ids = [str(i) for i in range(len(EXAMPLES) * 4)]
    for update in range(600):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (600 - update) / 300)
        system.loss(batch, make_noise(update, ids)).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    system.module.eval()
    return fit(system)


def test_sources_are_not_trained_on() -> None:
    system = build()
    with_control = [replace(example, source="mood: good") for example in EXAMPLES]
    noise = make_noise(1, [example.id for example in EXAMPLES])
    losses = [system.loss(system.collate(list(e)), noise).total for e in (EXAMPLES, with_control)]
    assert losses[0] == losses[1]


def test_values_without_an_operator_are_refused() -> None:
    system = build()
    with pytest.raises(UserError, match="diffusion-lm has no operators"):
        texts(system, "mood: good")
    # Without guidance it is the base rate, which needs none.
    texts(system, "mood: good", decoding=replace(FEW, strength=0.0))
    with pytest.raises(UserError, match="no operator for 'mood: odd'"):
        texts(fit(system), "mood: odd")


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["sign", "adagrad"])
def test_a_guide_brings_what_is_wanted(trained: DiffusionLM, guide: str) -> None:
    decoding = replace(FEW, guide=guide, nfe=20)
    (drawn,) = texts(trained, "", decoding=decoding, num_samples=40)
    base = sum("bad" in text for text in drawn)
    for source, words in (
        ("mood: bad", ("bad",)),
        ("mood: good", ("good",)),
        ("mood: bad | dish: soup", ("bad", "soup")),
    ):
        (steered,) = texts(trained, source, decoding=decoding, num_samples=40)
        hits = sum(all(word in text for word in words) for text in steered)
        assert hits >= 36 > base, (source, hits, base)


@pytest.mark.slow
def test_masks_alone_are_filled_in(trained: DiffusionLM) -> None:
    (filled,) = texts(trained, "mood: bad => the soup was [MASK]", num_samples=8)
    assert all(text.startswith("the soup was ") for text in filled)
    assert filled.count("the soup was bad") >= 7


@pytest.mark.slow
def test_length_is_set_by_moving_the_end_mark(trained: DiffusionLM) -> None:
    for tokens in (4, 6):
        (drawn,) = texts(trained, "", decoding=replace(FEW, tokens=tokens), num_samples=10)
        assert sum(len(text.split()) == tokens for text in drawn) >= 9


@pytest.mark.slow
def test_an_edit_begins_where_it_is_told(trained: DiffusionLM) -> None:
    source = "=> a cake is good"
    (kept,) = texts(trained, source, decoding=replace(FEW, edit_from=0.1), num_samples=10)
    assert kept.count("a cake is good") >= 9
    (anew,) = texts(trained, source, decoding=replace(FEW, edit_from=1.0), num_samples=10)
    assert anew.count("a cake is good") < 9


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["ddim", "dpm-solver++", "sde-dpm-solver++"])
@pytest.mark.parametrize("edit_from", [0.0, 0.35, 1.0])
def test_edits_alone_make_no_calls_that_nothing_reads(solver: str, edit_from: float) -> None:
    system = fit(build())  # untrained, so that texts differ
    calls: list[int] = []
    system.network.register_forward_pre_hook(lambda *_: calls.append(1))
    decoding = replace(FEW, solver=solver, edit_from=edit_from)
    (alone,) = texts(system, "mood: bad => a cake is good", decoding=decoding)
    # Of ten steps, those below the share; and one before them, for a solver of second order.
    assert len(calls) == {0.0: 2, 0.35: 5, 1.0: 10}[edit_from]
    calls.clear()
    beside = texts(system, "mood: bad => a cake is good", "mood: bad", decoding=decoding)
    assert len(calls) == 10
    assert beside[0] == alone


@pytest.mark.slow
def test_a_text_depends_on_nothing_but_its_own_row() -> None:
    system = fit(build())  # untrained, so that texts differ
    lines = ["mood: good", "", "mood: bad | dish: cake", "dish: soup => a cake is good"]
    decoding = replace(FEW, guide="adagrad")
    together = texts(system, *lines, decoding=decoding)
    assert texts(system, *lines[::-1], decoding=decoding) == together[::-1]
    for line, expected in zip(lines, together, strict=True):
        assert texts(system, line, decoding=decoding) == [expected]


def test_what_names_no_value_is_not_moved() -> None:
    system = build()
    plain = texts(system, "", "=> a cake is bad and cold")
    assert texts(fit(system), "", "=> a cake is bad and cold") == plain


@pytest.mark.slow
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_it_is_steered_where_no_gradients_are_kept(mode: type) -> None:
    system = fit(build())
    expected = texts(system, "mood: good", num_samples=4)
    with mode():
        assert texts(system, "mood: good", num_samples=4) == expected


def test_operator_calls_are_three_a_step() -> None:
    system = fit(build())
    assert system.operators is not None
    calls: list[int] = []
    system.operators.register_forward_pre_hook(lambda *_: calls.append(1))
    texts(system, "mood: good")
    # Ten steps: none after the last, which ends at 0.
    assert len(calls) == 3 * 9
    texts(system, "mood: good", decoding=replace(FEW, until=0.5, inner=1))
    assert len(calls) == 3 * 9 + 5


@pytest.mark.slow
def test_operators_are_saved_and_read(tmp_path: Path) -> None:
    system = fit(build())
    system.save(tmp_path / "system")
    system.save_operators(tmp_path / "operators")
    again = DiffusionLM.load(tmp_path / "system", "cpu")
    again.load_operators(tmp_path / "operators", RECIPE)
    assert texts(again, "mood: good") == texts(system, "mood: good")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strength": -1.0}, "strength"),
        ({"until": 1.5}, "until"),
        ({"edit_from": -0.1}, "edit_from"),
        ({"inner": 0}, "inner"),
        ({"guide": "gradient", "eta": 0.0}, "adds none"),
        ({"guide": "gradient", "solver": "dpm-solver++"}, "adds none"),
    ],
)
def test_settings_are_checked(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(FEW, **wrong)  # type: ignore[arg-type]


def test_tokens_must_fit() -> None:
    with pytest.raises(UserError, match="from 1 to 7"):
        texts(build(), "", decoding=replace(FEW, tokens=8))
    with pytest.raises(UserError, match="moves nothing"):
        replace(FEW, tokens=4, strength=0.0)
