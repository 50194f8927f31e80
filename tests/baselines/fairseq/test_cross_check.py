"""fairseq's networks and decoders as an oracle for ours, with the same weights."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("fairseq", reason="needs fairseq: see docs/systems/fairseq.md")

from baselines.autoregressive.transformer import TransformerSystem
from baselines.fairseq.conversion import FIRST_LENGTH, convert_weights
from baselines.fairseq.model_inputs import frame_texts
from baselines.fairseq.non_autoregressive import FairseqCMLM, FairseqNAT
from baselines.fairseq.refinement import refine
from baselines.fairseq.transformer import FairseqTransformer
from baselines.masked.grid import decreasing_times
from baselines.masked.lengths import Wanted
from baselines.masked.sampling import sample
from baselines.masked.systems import CMLM, NAT
from benchmark.api import Lengths, Resources, UserError, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

SIZE = {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 2, "decoder_layers": 2}
WORDS = [f"w{number}" for number in range(40)]
SOURCES = [" ".join(WORDS[start : start + 2 + start % 7]) for start in range(0, 30, 2)]
LENGTHS = Lengths(source=12, target=11)


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources(train_tokenizer([" ".join(WORDS)], TokenizerRecipe()), LENGTHS)


def steer(model, resources: Resources, *, marks: list[int]) -> None:
    """Weights under which no mark is ever written, with a mass that float32 does not see.

    One feature of the last layer is made constant, and the marks' rows of the output layer
    weigh it down; ours forbids marks outright, fairseq does not.
    """
    with torch.no_grad():
        for stack in (model.encoder, model.decoder):
            last = stack.layers[-1].final_layer_norm
            last.weight[0], last.bias[0] = 0.0, 10.0
        words = model.decoder.embed_tokens.weight
        words[:, 0] = 0.0
        # No word is likelier than others by its length alone, and positions are heard.
        words /= words.norm(dim=1, keepdim=True).clamp(min=1e-6)
        words[marks, 0] = -10.0
        for side in (model.encoder, model.decoder):
            side.embed_positions.weight *= 8.0
        if hasattr(model.decoder, "embed_length"):
            classes = model.decoder.embed_length.weight
            classes.normal_()
            classes[:, 0] = -10.0
            classes[FIRST_LENGTH : FIRST_LENGTH + LENGTHS.target - 1, 0] = 0.0


def pair(theirs_class, ours_class, resources: Resources):
    """Their system and ours with the same weights."""
    tokenizer = resources.tokenizer
    torch.manual_seed(3)
    config = theirs_class.Config(**SIZE, positions="learned", norm="post")
    theirs = theirs_class.build(config, resources)
    model = theirs.module.model.eval()
    steer(model, resources, marks=sorted(tokenizer.special_ids))
    ours_config = ours_class.Config(**SIZE, norm="post")
    longer = Resources(tokenizer, Lengths(LENGTHS.source + 1, LENGTHS.target))
    ours = ours_class.build(ours_config, longer)
    ours.module.load_state_dict(
        convert_weights(
            model.state_dict(),
            pad_id=tokenizer.pad_id,
            source_positions=LENGTHS.source + 1,
            target_positions=LENGTHS.target + 1,
            lengths=LENGTHS.target,
        )
    )
    ours.module.eval()
    return theirs, ours


@pytest.fixture
def source(resources: Resources):
    tokenizer = resources.tokenizer
    return frame_texts(tokenizer, SOURCES, LENGTHS.source).padded(tokenizer.pad_id)


@pytest.mark.parametrize(("theirs_class", "ours_class"), [(FairseqNAT, NAT), (FairseqCMLM, CMLM)])
@torch.no_grad()
def test_logits_agree(theirs_class, ours_class, resources, source):
    theirs, ours = pair(theirs_class, ours_class, resources)
    tokenizer, model = resources.tokenizer, theirs.module.model
    canvas = frame_texts(tokenizer, SOURCES[::-1], LENGTHS.target).padded(tokenizer.pad_id)
    canvas[:, 1:3] = tokenizer.mask_id
    encoded = model.forward_encoder([source, (source != tokenizer.pad_id).sum(1)])
    expected = model.decoder(normalize=False, prev_output_tokens=canvas, encoder_out=encoded)
    present = canvas != tokenizer.pad_id
    memory = ours.module.encode(source, tokenizer.pad_id)
    got = ours.network(canvas, memory, torch.ones(len(canvas)), present)
    torch.testing.assert_close(got[present], expected[present], rtol=1e-4, atol=1e-4)
    lengths = model.decoder.forward_length(normalize=False, encoder_out=encoded)
    lengths = lengths[:, FIRST_LENGTH : FIRST_LENGTH + LENGTHS.target]
    torch.testing.assert_close(ours.network.length_logits(memory), lengths, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("theirs_class", "ours_class", "passes"),
    [(FairseqNAT, NAT, 1), (FairseqCMLM, CMLM, 1), (FairseqCMLM, CMLM, 4), (FairseqCMLM, CMLM, 10)],
)
@torch.no_grad()
def test_decoded_tokens_agree(theirs_class, ours_class, passes, resources, source):
    theirs, ours = pair(theirs_class, ours_class, resources)
    tokenizer = resources.tokenizer
    found = refine(
        theirs.module.model,
        theirs.dictionary,
        source,
        passes=passes,
        adaptive=False,
        beam=1,
        positions=LENGTHS.target + 1,
    )
    expected = [hypotheses[0].tokens[1:-1] for hypotheses in found]
    memory = ours.module.encode(source, tokenizer.pad_id)
    noise = make_noise(1, [str(row) for row in range(len(source))])
    wanted = Wanted(per_source=1, length=LENGTHS.target, temperature=0.0)
    canvas = ours.lengths.open(ours.network, memory, noise, wanted)
    state = sample(
        lambda x_t, t: ours.network(x_t, memory, t, canvas.present),
        ours.corruption,
        "mask-predict",
        decreasing_times("linear", passes),
        noise,
        canvas=canvas,
        forbidden=torch.tensor(sorted(tokenizer.special_ids)),
        temperature=0.0,
    )
    got = [row[inside].tolist() for row, inside in zip(state.tokens, canvas.inside, strict=True)]
    assert got == expected
    assert len({tuple(row) for row in expected}) >= 5, "the texts say nothing"
    assert len({len(row) for row in expected}) > 1, "the lengths say nothing"


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_transformers_write_the_same(norm, resources):
    tokenizer = resources.tokenizer
    torch.manual_seed(1)
    theirs = FairseqTransformer.build(
        FairseqTransformer.Config(**SIZE, positions="learned", norm=norm), resources
    )
    model = theirs.module.model
    ours = TransformerSystem.build(TransformerSystem.Config(**SIZE, norm=norm), resources)
    marks = sorted(tokenizer.special_ids - {tokenizer.eos_id})
    if norm == "post":
        steer(model, resources, marks=marks)
    else:
        with torch.no_grad():
            for stack in (model.encoder, model.decoder):
                stack.layer_norm.weight[0], stack.layer_norm.bias[0] = 0.0, 10.0
            model.decoder.embed_tokens.weight[:, 0] = 0.0
            model.decoder.embed_tokens.weight[marks, 0] = -10.0
    with torch.no_grad():
        # fairseq writes no empty text.
        model.decoder.embed_tokens.weight[tokenizer.eos_id, 0] = -0.05
    ours.module.load_state_dict(
        convert_weights(
            model.state_dict(),
            pad_id=tokenizer.pad_id,
            source_positions=LENGTHS.source,
            target_positions=LENGTHS.target,
            start=(tokenizer.bos_id, tokenizer.eos_id),
        )
    )
    ids = [str(row) for row in range(len(SOURCES))]
    made = [
        system.generate(SOURCES, system.Decoding(method="greedy"), num_samples=1, seed=1, ids=ids)
        for system in (theirs, ours)
    ]
    expected, got = ([(few[0].text, few[0].status) for few in one] for one in made)
    pairs = [(a, b) for a, b in zip(expected, got, strict=True) if b[1] != "empty"]
    assert pairs and all(a == b for a, b in pairs)
    for (their,), (our,) in zip(*made, strict=True):
        if our.status == "ok":
            assert our.logprob == pytest.approx(their.logprob, abs=1e-3)


def test_conversion_names_what_it_needs(resources):
    theirs = FairseqCMLM.build(FairseqCMLM.Config(**SIZE), resources)
    with pytest.raises(UserError, match="learned positions"):
        convert_weights(
            theirs.module.model.state_dict(),
            pad_id=resources.tokenizer.pad_id,
            source_positions=4,
            target_positions=4,
        )
