from __future__ import annotations

import logging
import sys

import pytest
import torch

pytest.importorskip("fairseq", reason="needs fairseq: see docs/systems/fairseq.md")

from fairseq.iterative_refinement_generator import IterativeRefinementGenerator

from baselines.fairseq.model_inputs import frame_texts, make_sample
from baselines.fairseq.non_autoregressive import FairseqCMLM, FairseqLevenshtein
from baselines.fairseq.refinement import refine
from baselines.fairseq.suppressed_output import suppress_output
from benchmark.api import make_noise

SIZE = {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1}


@pytest.fixture
def source(resources, pairs):
    tokenizer = resources.tokenizer
    return frame_texts(tokenizer, [e.source for e in pairs], 6).padded(tokenizer.pad_id)


def predicting(length: int, resources, beam_positions: int = 7):
    """A CMLM that says every text has `length` positions."""
    system = FairseqCMLM.build(FairseqCMLM.Config(**SIZE), resources)
    model = system.module.model.eval()
    with torch.no_grad():
        model.encoder.layers[-1].final_layer_norm.weight.zero_()
        model.encoder.layers[-1].final_layer_norm.bias.fill_(1.0)
        model.decoder.embed_length.weight[length] = 1.0
    return system, model


def test_first_of_the_length_beam_is_the_one_that_fairseq_returns(resources, source):
    system, model = predicting(5, resources)
    ours = refine(model, system.dictionary, source, passes=3, adaptive=False, beam=3, positions=7)
    generator = IterativeRefinementGenerator(
        system.dictionary, max_iter=2, adaptive=False, beam_size=3
    )
    sample = make_sample(source, None, resources.tokenizer.pad_id)
    theirs = generator.generate([model], sample)
    assert [few[0].tokens for few in ours] == [few[0]["tokens"].tolist() for few in theirs]
    assert all(sorted(len(one.tokens) for one in few) == [4, 5, 6] for few in ours)
    assert all(few[0].score >= few[1].score >= few[2].score for few in ours)


@pytest.mark.parametrize("beam", [1, 4])
def test_predicted_lengths_stay_on_the_canvas(beam, resources, source):
    system, model = predicting(200, resources)
    found = refine(
        model, system.dictionary, source, passes=2, adaptive=False, beam=beam, positions=7
    )
    assert {len(one.tokens) for few in found for one in few} == {7}
    tokenizer = resources.tokenizer
    assert {one.tokens[0] for few in found for one in few} == {tokenizer.bos_id}
    assert {one.tokens[-1] for few in found for one in few} == {tokenizer.eos_id}


def test_insertions_stay_on_the_canvas(resources, source):
    system = FairseqLevenshtein.build(
        FairseqLevenshtein.Config(**SIZE, positions="learned"), resources
    )
    model = system.module.model.eval()
    with torch.no_grad():
        model.decoder.layers[-1].final_layer_norm.weight.zero_()
        model.decoder.layers[-1].final_layer_norm.bias.fill_(1.0)
        # Keep everything, and insert three words wherever there is a gap.
        model.decoder.embed_word_del.weight[0] = 1.0
        model.decoder.embed_word_del.weight[1] = -1.0
        model.decoder.embed_mask_ins.weight[3] = 1.0
    found = refine(model, system.dictionary, source, passes=10, adaptive=True, beam=1, positions=7)
    assert {len(few[0].tokens) for few in found} == {5}, "3 words; 3 more would be 8 positions"


def test_the_loss_of_a_network_that_is_evaluated_refuses_nothing(resources, pairs):
    """Decoding gives insertions beyond the canvas no probability; a target may need one there."""
    system = FairseqLevenshtein.build(FairseqLevenshtein.Config(**SIZE), resources)
    model = system.module.model.eval()
    with torch.no_grad():
        model.decoder.layers[-1].final_layer_norm.weight.zero_()
        model.decoder.layers[-1].final_layer_norm.bias.fill_(1.0)
        model.decoder.embed_mask_ins.weight[3] = 1.0
        noise = make_noise(1, [e.id for e in pairs], 1, torch.device("cpu"))
        assert torch.isfinite(system.loss(system.collate(pairs), noise).total)


def test_nothing_reaches_stdout_or_the_root_logger(capsys):
    before = list(logging.getLogger().handlers)
    with suppress_output():
        sys.stdout.write("notice")
        logging.basicConfig()
    assert logging.getLogger().handlers == before
    assert capsys.readouterr().out == ""
