import pytest
import torch

from baselines.encoder_decoder import Encoder, EncoderDecoder, EncoderDecoderConfig
from baselines.masked import denoiser
from baselines.masked.denoiser import Denoiser, Reading

CONFIG = EncoderDecoderConfig(
    dim=16, heads=2, ffn=32, dropout=0.0, encoder_layers=1, decoder_layers=2
)
MASK = 8


def model(**changes):
    denoiser = Denoiser(CONFIG, 9, 5, **changes)
    return EncoderDecoder(Encoder(CONFIG, 6), denoiser)


def test_candidates_of_a_source_are_what_they_are_alone():
    network = model()
    source = torch.tensor([[3, 4, 2, 0], [5, 6, 7, 2]])
    x_t = torch.randint(3, 9, (6, 5))
    t = torch.full((6,), 0.5)
    together = network.decoder(x_t, network.encode(source, 0), t)
    for row in range(6):
        memory = network.encode(source[row // 3 : row // 3 + 1], 0)
        alone = network.decoder(x_t[row : row + 1], memory, t[:1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-4, atol=1e-5)


def test_every_position_sees_every_other():
    network = model()
    memory = network.encode(torch.tensor([[3, 2]]), 0)
    x_t = torch.full((1, 5), MASK)
    base = network.decoder(x_t, memory, torch.ones(1))
    for changed in (0, 4):
        other = x_t.clone()
        other[0, changed] = 3
        moved = (network.decoder(other, memory, torch.ones(1)) - base).abs().amax(-1)[0]
        assert (moved > 1e-6).all()


def test_what_is_off_the_canvas_is_not_seen():
    network = model()
    memory = network.encode(torch.tensor([[3, 2]]), 0)
    inside = torch.tensor([[True, True, True, False, False]])
    x_t = torch.tensor([[3, MASK, 4, 0, 0]])
    other = torch.tensor([[3, MASK, 4, 5, 6]])
    t = torch.ones(1)
    got, same = (network.decoder(x, memory, t, inside)[:, :3] for x in (x_t, other))
    torch.testing.assert_close(got, same)
    torch.testing.assert_close(got, network.decoder(x_t[:, :3], memory, t))


def test_time_is_told_only_to_a_network_that_asks():
    x_t = torch.full((1, 5), MASK)
    for asks in (False, True):
        network = model(time=asks)
        memory = network.encode(torch.tensor([[3, 2]]), 0)
        early, late = (network.decoder(x_t, memory, torch.tensor([t])) for t in (0.1, 0.9))
        assert torch.allclose(early, late) is not asks


def test_length_head_reads_the_source_and_no_padding():
    network = model(lengths=4)
    short = network.encode(torch.tensor([[3, 4, 2]]), 0)
    padded = network.encode(torch.tensor([[3, 4, 2, 0, 0], [5, 5, 5, 5, 2]]), 0)
    logits = network.decoder.length_logits(padded)
    assert logits.shape == (2, 4)
    torch.testing.assert_close(logits[:1], network.decoder.length_logits(short))
    assert not torch.allclose(logits[0], logits[1])


def test_a_denoiser_without_length_head_says_so():
    network = model()
    with pytest.raises(ValueError, match="length head"):
        network.decoder.length_logits(network.encode(torch.tensor([[3, 2]]), 0))


def test_what_is_read_are_the_logits_of_the_positions_asked_for(monkeypatch):
    network = model()
    memory = network.encode(torch.tensor([[3, 4, 2], [5, 6, 2]]), 0)
    x_t, t = torch.randint(3, 9, (4, 5)), torch.full((4,), 0.5)
    where = torch.rand(4, 5) < 0.6
    where[0] = True
    # Two positions at a time; the last part may be shorter.
    monkeypatch.setattr(denoiser, "LOGITS_AT_ONCE", 2 * 9)
    parts = []

    def take(logits, part):
        parts.append(len(logits))
        return logits.argmax(-1), logits.amax(-1)

    best, scores = network.decoder(x_t, memory, t, reading=Reading(where, take))
    logits = network.decoder(x_t, memory, t)[where]
    assert best.tolist() == logits.argmax(-1).tolist()
    torch.testing.assert_close(scores, logits.amax(-1))
    assert max(parts) == 2 and sum(parts) == int(where.sum())


def test_nothing_asked_for_gives_nothing():
    network = model()
    memory = network.encode(torch.tensor([[3, 4, 2]]), 0)
    reading = Reading(torch.zeros(1, 5, dtype=torch.bool), lambda logits, _: (logits.argmax(-1),))
    assert network.decoder(torch.full((1, 5), 3), memory, torch.ones(1), reading=reading)[
        0
    ].shape == (0,)
