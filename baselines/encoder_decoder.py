"""Encoder, decoder, and the class that joins them: the networks of the from-scratch baselines.

Source: Vaswani et al., arXiv 1706.03762, section 3.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from baselines.attention import BlockShape, DecoderStack, EncoderBlock, Memory, Norm
from baselines.embedding import PositionEmbedding, Positions, TokenEmbedding
from baselines.texts import encode_sources
from benchmark.api import Count, ProperShare, Settings, Tokenizer


@dataclass(frozen=True)
class EncoderDecoderConfig(Settings):
    """The network settings of all encoder-decoders; a subclass adds its objective."""

    dim: Count = 128
    heads: Count = 4
    ffn: Count = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: Count = 2
    decoder_layers: Count = 2
    dropout: ProperShare = 0.1
    norm: Norm = "pre"
    """Layer norm before the sublayers, or after the residual sum ("post", as in the paper)."""
    positions: Positions = "learned"

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.block_shape

    @property
    def block_shape(self) -> BlockShape:
        """The size of a block.

        Raises:
            UserError: if `dim` is not a multiple of `heads`, or `norm` is unknown.
        """
        return BlockShape(self.dim, self.heads, self.ffn, self.dropout, self.norm)


class Encoder(nn.Module):
    """Transformer encoder over embedded source tokens, up to `length` of them."""

    def __init__(self, config: EncoderDecoderConfig, length: int) -> None:
        super().__init__()
        shape = config.block_shape
        self.positions = PositionEmbedding(length, shape.dim, config.positions)
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(EncoderBlock(shape) for _ in range(config.encoder_layers))
        self.norm = nn.LayerNorm(shape.dim) if shape.norm == "pre" else nn.Identity()

    def forward(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """`(sources, length, dim)` to the same shape; `mask` `(sources, length)` marks tokens."""
        return self.norm(self.states(embedded, mask)[-1])

    def states(self, embedded: Tensor, mask: Tensor) -> list[Tensor]:
        """What enters the first block, and what leaves each; arguments as in `forward`."""
        found = [self.dropout(embedded + self.positions(0, embedded.size(1)))]
        for block in self.blocks:
            found.append(block(found[-1], mask[:, None, None, :]))
        return found


class Decoder(nn.Module):
    """Base class of causal decoders and denoisers; a subclass defines what `forward` sees.

    Args:
        config: of the network.
        vocab_size: ids of the token table.
        length: positions of the target.
        reads_source: whether its blocks attend to a source.
    """

    def __init__(
        self,
        config: EncoderDecoderConfig,
        vocab_size: int,
        length: int,
        *,
        reads_source: bool = True,
    ) -> None:
        super().__init__()
        self.tokens = TokenEmbedding(vocab_size, config.dim)
        self.positions = PositionEmbedding(length, config.dim, config.positions)
        self.dropout = nn.Dropout(config.dropout)
        self.stack = DecoderStack(
            config.decoder_layers, config.block_shape, reads_source=reads_source
        )

    def embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        """Vectors `(rows, length, dim)` of tokens `(rows, length)` at positions `start` on."""
        return self.tokens(tokens) + self.positions(start, tokens.size(1))


class EncoderDecoder(nn.Module):
    """An encoder and a decoder that share the token embeddings, which the decoder owns.

    The calls of `decoder` are the function evaluations; the encoder runs once per source.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, source: Tensor, pad_id: int) -> Memory:
        """Cross-attention keys of source tokens `(sources, length)`, for all decoder blocks."""
        mask = source != pad_id
        encoded = self.encoder(self.decoder.tokens(source), mask)
        return self.decoder.stack.remember(encoded, mask)

    def encode_texts(
        self, tokenizer: Tokenizer, sources: Sequence[str], length: int
    ) -> tuple[Memory, list[bool]]:
        """Sources encoded for generation, and whether each was truncated to `length` tokens.

        Puts the network into evaluation mode.
        """
        self.eval()
        encoded = encode_sources(tokenizer, sources, length)
        tokens = encoded.padded(tokenizer.pad_id).to(self.decoder.tokens.weight.device)
        return self.encode(tokens, tokenizer.pad_id), encoded.truncated
