"""What the heads see and the shapes they give."""

import torch

from baselines.edit.decoder import EditDecoder
from baselines.encoder_decoder import Encoder, EncoderDecoder, EncoderDecoderConfig

PAD = 0


def model() -> EncoderDecoder:
    config = EncoderDecoderConfig(
        dim=8, heads=2, ffn=16, dropout=0.0, encoder_layers=1, decoder_layers=1
    )
    decoder = EditDecoder(config, 12, 7, max_insertions=3)
    return EncoderDecoder(Encoder(config, 5), decoder).eval()


def test_each_head_scores_its_operation():
    network = model()
    memory = network.encode(torch.tensor([[3, 4, 1], [5, 1, PAD]]), PAD)
    tokens = torch.randint(1, 12, (4, 6))
    inside = torch.ones_like(tokens, dtype=torch.bool)
    shapes = {
        head: tuple(network.decoder(tokens, inside, memory, head).shape)
        for head in ("deletion", "placeholder", "token")
    }
    assert shapes == {"deletion": (4, 6, 2), "placeholder": (4, 5, 4), "token": (4, 6, 12)}


def test_later_tokens_are_seen_and_padding_is_not():
    network = model()
    memory = network.encode(torch.tensor([[3, 4, 1]]), PAD)
    inside = torch.tensor([[True, True, True, False]])
    scores = [
        network.decoder(torch.tensor([row]), inside, memory, "token")[0, 0]
        for row in ([1, 2, 3, 4], [1, 2, 3, 9], [1, 2, 8, 4])
    ]
    torch.testing.assert_close(scores[0], scores[1])
    assert not torch.allclose(scores[0], scores[2])
