from types import SimpleNamespace

import pytest
import torch

from baselines.encoder_decoder import Encoder, EncoderDecoder, EncoderDecoderConfig
from baselines.masked.denoiser import Denoiser
from baselines.masked.lengths import LENGTHS, Wanted, frame_canvases, length_loss
from baselines.texts import EncodedTexts
from benchmark.api import make_noise

MARKS = SimpleNamespace(pad_id=0, bos_id=1, eos_id=2)


@pytest.fixture
def network():
    config = EncoderDecoderConfig(
        dim=8, heads=2, ffn=8, dropout=0.0, encoder_layers=1, decoder_layers=1
    )
    torch.manual_seed(1)
    return EncoderDecoder(
        Encoder(config, 3),
        Denoiser(config, 9, 5, lengths=4),
    )


@pytest.fixture
def memory(network):
    return network.encode(torch.tensor([[3, 2], [4, 2]]), 0)


def open_canvas(name, network, memory, *, per_source=3, temperature=1.0, beam=1):
    noise = make_noise(1, ["a", "b"], per_source)
    wanted = Wanted(per_source, 4, temperature, beam)
    return LENGTHS[name](MARKS).open(network.decoder, memory, noise, wanted)


def test_canvas_is_tokens_end_and_padding_and_all_of_it_counts():
    rule = LENGTHS["canvas"](MARKS)
    x_0 = rule.lay(EncodedTexts([[5, 6, 2], [2]], [False, False]), 5)
    assert x_0.tolist() == [[5, 6, 2, 0, 0], [2, 0, 0, 0, 0]]
    assert rule.canvas(x_0).inside.all() and rule.positions(5) == 5


def test_canvas_is_open_everywhere_for_every_candidate(network, memory):
    canvas = open_canvas("canvas", network, memory)
    assert canvas.inside.shape == (6, 4) and canvas.inside.all() and canvas.present is None


def test_predicted_length_lies_between_marks():
    rule = LENGTHS["predicted"](MARKS)
    # The last text was cut and has no end.
    texts = EncodedTexts([[5, 6, 2], [7, 2], [5, 6, 7, 8]], [False, False, True])
    x_0 = rule.lay(texts, 4)
    assert x_0.tolist() == [[1, 5, 6, 2, 0], [1, 7, 2, 0, 0], [1, 5, 6, 7, 8]]
    canvas = rule.canvas(x_0)
    assert canvas.inside.int().tolist() == [[0, 1, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 1, 1, 1]]
    assert torch.equal(canvas.present, x_0 != 0) and rule.positions(4) == 5


def test_frames_by_hand():
    canvas = frame_canvases(torch.tensor([1, 4, 3]), 4, MARKS)
    assert canvas.frame.tolist() == [[1, 0, 2, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 2]]
    assert canvas.inside.sum(1).tolist() == [1, 4, 3]
    assert canvas.present.sum(1).tolist() == [3, 5, 5]


def fixed_lengths(network, scores):
    """Make the head say the same for every source."""
    with torch.no_grad():
        network.decoder.length_head.weight.zero_()
        network.decoder.length_head.bias.copy_(torch.tensor(scores))


def test_the_beam_takes_the_most_probable_lengths_in_turn(network, memory):
    fixed_lengths(network, [0.1, 0.4, 0.3, 0.2])
    canvas = open_canvas("predicted", network, memory, temperature=0.0, beam=3)
    assert canvas.inside.sum(1).tolist() == [2, 3, 4] * 2
    canvas = open_canvas("predicted", network, memory, temperature=0.0)
    assert canvas.inside.sum(1).tolist() == [2] * 6


def test_lengths_are_drawn_from_the_head(network, memory):
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    fixed_lengths(network, probabilities.log().tolist())
    canvas = open_canvas("predicted", network, memory, per_source=1500)
    shares = torch.bincount(canvas.inside.sum(1), minlength=5)[1:] / 3000
    # Five standard errors of a share of one half in 3,000 draws.
    torch.testing.assert_close(shares, probabilities, atol=0.046, rtol=0)


def test_length_loss_is_the_cross_entropy_of_the_number_of_tokens(network, memory):
    probabilities = torch.tensor([0.5, 0.25, 0.125, 0.125])
    fixed_lengths(network, probabilities.log().tolist())
    inside = torch.tensor([[False, True, False, False], [False, True, True, True]])
    expected = (torch.tensor(2.0).log() + torch.tensor(8.0).log()) / 2
    torch.testing.assert_close(length_loss(network.decoder, memory, inside), expected)
