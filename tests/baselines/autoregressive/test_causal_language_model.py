import pytest
import torch

from baselines.autoregressive.causal_language_model import CausalStepper, Columns, predict

from .conftest import tiny_model

pytestmark = pytest.mark.slow
VOCAB = 40


def bloom():
    """Positions by the mask alone: its forward knows no position_ids."""
    from transformers import BloomConfig, BloomForCausalLM

    config = BloomConfig(vocab_size=VOCAB, hidden_size=32, n_layer=2, n_head=4)
    return BloomForCausalLM(config).eval()


def mistral():
    """A cache that slides: fewer keys than the rows have columns."""
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, sliding_window=4, initializer_range=0.5,
    )  # fmt: skip
    return MistralForCausalLM(config).eval()


MODELS = {
    "gpt2": lambda: tiny_model("gpt2", VOCAB),
    "llama": lambda: tiny_model("llama", VOCAB),
    "bloom": bloom,
    "mistral": mistral,
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
PROMPTS = [[5, 6, 7, 8, 9, 10], [11], [12, 13, 14]]


def prompts():
    return Columns.of(PROMPTS, 0, left=True)


def unpadded(model, row, last):
    return model(torch.tensor([row])).logits[0, -last:]


def test_columns():
    left, right = prompts(), Columns.of(PROMPTS, 0)
    assert left.ids.tolist()[1] == [0, 0, 0, 0, 0, 11]
    assert right.ids.tolist()[2] == [12, 13, 14, 0, 0, 0]
    assert left.mask.tolist()[2] == right.mask.tolist()[2][::-1] == [0, 0, 0, 1, 1, 1]
    # A token whose id is that of the padding is a token.
    assert Columns.of([[0], [1, 2]], 0).mask.tolist() == [[1, 0], [1, 1]]


@every_model
@torch.no_grad()
def test_padded_logits_are_the_unpadded_ones(make):
    model, targets = make(), torch.randint(1, VOCAB, (3, 4))
    padded = prompts()
    ids = torch.cat((padded.ids, targets), dim=1)
    mask = torch.cat((padded.mask, torch.ones_like(targets)), dim=1)
    got = predict(model, ids, mask, last=4)
    for row, prompt in enumerate(PROMPTS):
        expected = unpadded(model, prompt + targets[row].tolist(), 4)
        torch.testing.assert_close(got[row], expected, rtol=1e-4, atol=1e-4)


@every_model
@torch.no_grad()
def test_steps_that_turn_rows_and_lose_sources_are_the_whole_pass(make):
    model, targets = make(), torch.randint(1, VOCAB, (6, 5))
    stepper = CausalStepper(model, prompts(), per_source=2)
    rows = torch.arange(6)

    def compare(logits, position):
        for got, row in zip(logits, rows.tolist(), strict=True):
            sequence = PROMPTS[row // 2] + targets[row, :position].tolist()
            torch.testing.assert_close(got, unpadded(model, sequence, 1)[0], rtol=1e-4, atol=1e-4)

    compare(stepper.step(torch.zeros(6, dtype=torch.int64)), 0)
    compare(stepper.step(targets[rows, 0]), 1)
    turned = torch.tensor([1, 0, 3, 2, 4, 4])
    stepper.reorder(turned)
    rows = turned
    compare(stepper.step(targets[rows, 1]), 2)
    stepper.keep(torch.tensor([2, 0]))
    rows = rows.view(3, 2)[[2, 0]].flatten()
    compare(stepper.step(targets[rows, 2]), 3)
    compare(stepper.step(targets[rows, 3]), 4)


def test_the_prompt_passes_once_a_source():
    model, widths = tiny_model("gpt2", VOCAB), []
    hook = model.register_forward_pre_hook(lambda _, args: widths.append(tuple(args[0].shape)))
    with torch.no_grad():
        stepper = CausalStepper(model, prompts(), per_source=2)
        for _ in range(3):
            stepper.step(torch.full((6,), 7))
    hook.remove()
    assert widths == [(3, 6), (6, 1), (6, 1)]
