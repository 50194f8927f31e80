"""Transformer blocks shared by the baselines: self- and cross-attention with cached keys.

Rows are candidates, source-major: rows r and r' of one source share its keys. Their queries
are folded into one longer query, so that K candidates never copy the keys of their source.

Source: Vaswani et al., arXiv 1706.03762, sections 3.1 to 3.3; norm "pre" is arXiv
2002.04745, figure 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.setting_checks import check_heads
from benchmark.api import Count, ProperShare, Settings

Norm = Literal["pre", "post"]

Fuse = Callable[[Tensor], Tensor]
"""A map of the value vectors `(rows, length, dim)` of one layer to the same shape."""


@dataclass(frozen=True)
class BlockShape(Settings):
    """The size of a block; equal for encoder and decoder."""

    dim: Count
    heads: Count
    ffn: Count
    """Width of the hidden layer of the feed-forward network."""
    dropout: ProperShare
    norm: Norm

    def __post_init__(self) -> None:
        super().__post_init__()
        check_heads(self.dim, self.heads)


@dataclass(frozen=True, slots=True)
class Memory:
    """Encoded sources as a decoder reads them: cross-attention keys and values by layer."""

    keys: tuple[Tensor, ...]
    """`(sources, heads, source_length, head_dim)` each."""
    values: tuple[Tensor, ...]
    mask: Tensor
    """True where a source has a token, `(sources, 1, 1, source_length)`."""
    encoded: Tensor
    """The encoded source that the keys come from, `(sources, source_length, dim)`."""

    def select(self, sources: Tensor) -> "Memory":
        """The memory of the sources with indices `(n,)`."""
        return Memory(
            tuple(keys[sources] for keys in self.keys),
            tuple(values[sources] for values in self.values),
            self.mask[sources],
            self.encoded[sources],
        )


CACHE_STEP = 8
"""Positions by which a cache grows.

Attention reads all keys of a row at every position, faster where no unused ones lie between them.
"""


class Cache:
    """Self-attention keys and values of the positions decoded so far, allocated as they grow.

    Args:
        layers: number of decoder blocks.
        rows: candidates decoded in parallel.
        capacity: maximum number of positions.
        shape: of the blocks.
        like: a tensor that gives data type and device.
    """

    def __init__(
        self, layers: int, rows: int, *, capacity: int, shape: BlockShape, like: Tensor
    ) -> None:
        self.capacity = capacity
        size = (rows, shape.heads, 0, shape.dim // shape.heads)
        self.keys = [like.new_empty(size) for _ in range(layers)]
        self.values = [like.new_empty(size) for _ in range(layers)]
        self.length = 0
        """Positions stored, the same for all rows."""

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store `(rows, heads, new, head_dim)` and return all stored positions of the layer."""
        end = self.length + keys.size(2)
        if end > self.keys[layer].size(2):
            size = min(self.capacity, -(-end // CACHE_STEP) * CACHE_STEP)
            self.keys[layer] = self._grown(self.keys[layer], size)
            self.values[layer] = self._grown(self.values[layer], size)
        self.keys[layer][:, :, self.length : end] = keys
        self.values[layer][:, :, self.length : end] = values
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]

    def _grown(self, old: Tensor, size: int) -> Tensor:
        new = old.new_empty((*old.shape[:2], size, old.size(3)))
        new[:, :, : self.length] = old[:, :, : self.length]
        return new

    def select(self, rows: Tensor) -> None:
        """Keep the rows with indices `(n,)`, n at most the present number, in that order."""
        for store in (self.keys, self.values):
            for layer, old in enumerate(store):
                chosen = old[:, :, : self.length].index_select(0, rows)
                # The freed rows stay allocated: the store only ever shrinks during a decoding.
                store[layer] = old[: rows.numel()]
                store[layer][:, :, : self.length] = chosen


class SelfAttention(nn.Module):
    """Attention of positions to positions of the same row."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, shape.dropout
        self.project = _linear(shape.dim, 3 * shape.dim)
        self.out = _linear(shape.dim, shape.dim)

    def forward(
        self,
        x: Tensor,
        *,
        mask: Tensor | None = None,
        causal: bool = False,
        cache: Cache | None = None,
        layer: int = 0,
        fuse: Fuse | None = None,
    ) -> Tensor:
        """`(rows, length, dim)` to the same shape.

        Args:
            x: inputs.
            mask: True where a key may be attended to, broadcasts to
                `(rows, heads, length, length)`.
            causal: position i sees positions up to i alone; not together with `mask`.
            cache: the keys of earlier positions; then `x` holds the positions that follow, one of
                them unless the cache is empty.
            layer: the block's number in the cache.
            fuse: changes the values before they are attended to, and cached.
        """
        query, keys, values = self.project(x).chunk(3, dim=-1)
        values = values if fuse is None else fuse(values)
        query, keys, values = (_split(part, self.heads) for part in (query, keys, values))
        if cache is not None:
            if cache.length and query.size(2) > 1:
                raise ValueError("a filled cache takes one position at a time")
            keys, values = cache.append(layer, keys, values)
        mixed = functional.scaled_dot_product_attention(
            query,
            keys,
            values,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=causal and query.size(2) > 1,
        )
        return self.out(_join(mixed))


class CrossAttention(nn.Module):
    """Attention of target positions to the source of their row."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, shape.dropout
        self.project = _linear(shape.dim, shape.dim)
        self.project_source = _linear(shape.dim, 2 * shape.dim)
        self.out = _linear(shape.dim, shape.dim)

    def remember(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values `(sources, heads, source_length, head_dim)` of encoded sources."""
        keys, values = self.project_source(encoded).chunk(2, dim=-1)
        keys, values = _split(keys, self.heads), _split(values, self.heads)
        if torch.is_grad_enabled():
            return keys, values
        # Decoding reads them at every call, faster where those of a head are neighbours.
        return keys.contiguous(), values.contiguous()

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """`(rows, length, dim)` to the same shape; rows are a multiple of sources.

        Args:
            x: positions of the target, rows source-major.
            keys: of the sources, as `remember` gives them.
            values: likewise.
            mask: True where a source has a token, `(sources, 1, 1, source_length)`.
        """
        folded = x.reshape(keys.size(0), -1, x.size(-1))
        mixed = functional.scaled_dot_product_attention(
            _split(self.project(folded), self.heads),
            keys,
            values,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
        )
        return self.out(_join(mixed)).reshape(x.shape)


class FeedForward(nn.Sequential):
    """Two linear maps with a ReLU between them, at every position alike (section 3.3)."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__(
            _linear(shape.dim, shape.ffn), nn.ReLU(inplace=True), _linear(shape.ffn, shape.dim)
        )


class _Sublayer(nn.Module):
    """Residual connection, dropout and the place of the layer norm, around any map."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.pre = shape.norm == "pre"
        self.norm = nn.LayerNorm(shape.dim)
        self.dropout = nn.Dropout(shape.dropout)

    def enter(self, x: Tensor) -> Tensor:
        return self.norm(x) if self.pre else x

    def leave(self, x: Tensor, change: Tensor) -> Tensor:
        x = x + (self.dropout(change) if self.training else change)
        return x if self.pre else self.norm(x)


class EncoderBlock(nn.Module):
    """Self-attention, then feed-forward."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.attention, self.around_attention = SelfAttention(shape), _Sublayer(shape)
        self.ffn, self.around_ffn = FeedForward(shape), _Sublayer(shape)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`(sources, length, dim)` to the same shape; mask `(sources, 1, 1, length)`."""
        around = self.around_attention
        x = around.leave(x, self.attention(around.enter(x), mask=mask))
        return self.around_ffn.leave(x, self.ffn(self.around_ffn.enter(x)))


class DecoderBlock(nn.Module):
    """Self-attention, causal or not, then attention to the source if any, then feed-forward."""

    def __init__(self, shape: BlockShape, *, reads_source: bool = True) -> None:
        super().__init__()
        self.attention, self.around_attention = SelfAttention(shape), _Sublayer(shape)
        self.reads_source = reads_source
        if reads_source:
            self.cross, self.around_cross = CrossAttention(shape), _Sublayer(shape)
        self.ffn, self.around_ffn = FeedForward(shape), _Sublayer(shape)

    def forward(
        self,
        x: Tensor,
        memory: Memory,
        layer: int,
        *,
        causal: bool,
        mask: Tensor | None = None,
        cache: Cache | None = None,
        fuse: Fuse | None = None,
    ) -> Tensor:
        """`(rows, length, dim)` to the same shape; arguments as in `SelfAttention.forward`."""
        around = self.around_attention
        mixed = self.attention(
            around.enter(x), mask=mask, causal=causal, cache=cache, layer=layer, fuse=fuse
        )
        x = around.leave(x, mixed)
        if self.reads_source:
            around = self.around_cross
            keys, values = memory.keys[layer], memory.values[layer]
            x = around.leave(x, self.cross(around.enter(x), keys, values, memory.mask))
        return self.around_ffn.leave(x, self.ffn(self.around_ffn.enter(x)))


class DecoderStack(nn.Module):
    """Decoder blocks with their final norm."""

    def __init__(self, layers: int, shape: BlockShape, *, reads_source: bool = True) -> None:
        super().__init__()
        self.shape = shape
        self.blocks = nn.ModuleList(
            DecoderBlock(shape, reads_source=reads_source) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(shape.dim) if shape.norm == "pre" else nn.Identity()

    def remember(self, encoded: Tensor, mask: Tensor) -> Memory:
        """Cross-attention keys and values of encoded sources `(sources, length, dim)`.

        `mask` `(sources, length)` is True where there is a token.
        """
        pairs = [cast(DecoderBlock, block).cross.remember(encoded) for block in self.blocks]
        keys, values = zip(*pairs, strict=True)
        return Memory(tuple(keys), tuple(values), mask[:, None, None, :], encoded)

    def forward(
        self,
        x: Tensor,
        memory: Memory,
        *,
        causal: bool,
        mask: Tensor | None = None,
        cache: Cache | None = None,
        fuse: Sequence[Fuse] | None = None,
    ) -> Tensor:
        """`(rows, length, dim)` to the same shape; a cache grows by `length`.

        Args:
            x: embedded positions.
            memory: of the sources; the rows are a multiple of them.
            causal: position i sees positions up to i alone; not together with `mask`.
            mask: as in `SelfAttention.forward`.
            cache: of earlier positions.
            fuse: by layer, as in `SelfAttention.forward`.
        """
        for layer, block in enumerate(self.blocks):
            of_layer = None if fuse is None else fuse[layer]
            x = block(x, memory, layer, causal=causal, mask=mask, cache=cache, fuse=of_layer)
        if cache is not None:
            cache.length += x.size(1)
        return self.norm(x)


def _linear(width_in: int, width_out: int) -> nn.Linear:
    linear = nn.Linear(width_in, width_out)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


def _split(x: Tensor, heads: int) -> Tensor:
    """`(rows, length, dim)` to `(rows, heads, length, head_dim)`."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    """`(rows, heads, length, head_dim)` to `(rows, length, dim)`."""
    return x.transpose(1, 2).flatten(2)
