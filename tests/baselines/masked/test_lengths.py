import torch

from baselines.attention import BlockShape
from baselines.encoder_decoder import Encoder, EncoderDecoder
from baselines.masked.denoiser import Denoiser
from baselines.masked.lengths import LENGTHS
from baselines.texts import EncodedTexts


def test_canvas_is_tokens_end_and_padding_and_all_of_it_counts():
    rule = LENGTHS["canvas"]
    x_0 = rule.lay(EncodedTexts([[5, 6, 2], [2]], [False, False]), 5, 0)
    assert x_0.tolist() == [[5, 6, 2, 0, 0], [2, 0, 0, 0, 0]]
    assert rule.inside(x_0, 0).all()


def test_canvas_is_open_everywhere_for_every_candidate():
    shape = BlockShape(8, 2, 8, 0.0, "pre")
    network = EncoderDecoder(
        Encoder(1, shape, length=3, positions="learned"),
        Denoiser(9, 1, shape, length=4, positions="learned"),
    )
    memory = network.encode(torch.tensor([[3, 2], [4, 2]]), 0)
    inside = LENGTHS["canvas"].open(network.decoder, memory, 3, 4)
    assert inside.shape == (6, 4) and inside.all()
