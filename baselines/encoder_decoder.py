"""Encoder, decoder, and the frame that joins them: the networks of the from-scratch baselines.

Source: Vaswani et al., arXiv 1706.03762, section 3.1.
"""

from torch import Tensor, nn

from baselines.attention import BlockShape, DecoderStack, EncoderBlock, Memory
from baselines.embedding import PositionEmbedding, Positions, TokenEmbedding


class Encoder(nn.Module):
    """Transformer encoder over embedded source tokens."""

    def __init__(
        self, layers: int, shape: BlockShape, *, length: int, positions: Positions
    ) -> None:
        super().__init__()
        self.positions = PositionEmbedding(length, shape.dim, positions)
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(EncoderBlock(shape) for _ in range(layers))
        self.norm = nn.LayerNorm(shape.dim) if shape.norm == "pre" else nn.Identity()

    def forward(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """`(sources, length, dim)` to the same shape; `mask` `(sources, length)` marks tokens."""
        x = self.dropout(embedded + self.positions(0, embedded.size(1)))
        for block in self.blocks:
            x = block(x, mask[:, None, None, :])
        return self.norm(x)


class Decoder(nn.Module):
    """What causal decoders and denoisers share; a subclass says what its `forward` sees."""

    def __init__(
        self,
        vocab_size: int,
        layers: int,
        shape: BlockShape,
        *,
        length: int,
        positions: Positions,
    ) -> None:
        super().__init__()
        self.tokens = TokenEmbedding(vocab_size, shape.dim)
        self.positions = PositionEmbedding(length, shape.dim, positions)
        self.dropout = nn.Dropout(shape.dropout)
        self.stack = DecoderStack(layers, shape)

    def embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        """Vectors `(rows, length, dim)` of tokens `(rows, length)` at positions `start` on."""
        return self.tokens(tokens) + self.positions(start, tokens.size(1))


class EncoderDecoder(nn.Module):
    """An encoder and a decoder that share the token embeddings, which the decoder owns.

    The calls of `decoder` are the function evaluations; the encoder runs once a source.
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
