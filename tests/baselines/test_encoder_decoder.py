import torch

from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoder, EncoderDecoderConfig

CONFIG = EncoderDecoderConfig(
    dim=8, heads=2, ffn=12, dropout=0.0, encoder_layers=2, decoder_layers=1
)


def model():
    encoder = Encoder(CONFIG, 6)
    decoder = Decoder(CONFIG, 9, 6)
    return EncoderDecoder(encoder, decoder)


def test_memory_of_a_source_does_not_hang_on_its_neighbours():
    network = model()
    short, long = [3, 4, 2], [5, 6, 7, 8, 2]
    alone = network.encode(torch.tensor([short]), pad_id=0)
    together = network.encode(torch.tensor([[*short, 0, 0], long]), pad_id=0)
    torch.testing.assert_close(together.keys[0][:1, :, :3], alone.keys[0])
    torch.testing.assert_close(together.encoded[:1, :3], alone.encoded)
    assert together.mask[0, 0, 0].tolist() == [True, True, True, False, False]


def test_selected_memory_is_that_of_the_sources():
    network = model()
    memory = network.encode(torch.tensor([[3, 2], [4, 2], [5, 2]]), pad_id=0)
    chosen = memory.select(torch.tensor([2, 0]))
    for whole, part in ((memory.keys[0], chosen.keys[0]), (memory.encoded, chosen.encoded)):
        torch.testing.assert_close(part, whole[[2, 0]])


def test_the_token_table_is_stored_once():
    names = [name for name in model().state_dict() if "tokens" in name]
    assert names == ["decoder.tokens.weight"]
