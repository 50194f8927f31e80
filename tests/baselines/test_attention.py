import pytest
import torch
from torch.nn import functional

from baselines.attention import (
    CACHE_STEP,
    BlockShape,
    Cache,
    CrossAttention,
    DecoderStack,
    EncoderBlock,
    SelfAttention,
)
from benchmark.api import UserError

SHAPE = BlockShape(dim=8, heads=2, ffn=12, dropout=0.0, norm="pre")


def by_hand(query, keys, values, allowed):
    """Attention of one head by the definition, `(length, head_dim)` each."""
    rows = []
    for i, q in enumerate(query):
        weights = torch.tensor([float((q @ k).detach()) / len(q) ** 0.5 for k in keys])
        weights = torch.where(allowed[i], weights, -torch.inf).softmax(0)
        rows.append(sum(w * v for w, v in zip(weights, values, strict=True)))
    return torch.stack(rows)


@pytest.mark.parametrize("causal", [True, False])
def test_self_attention_by_its_definition(causal):
    attention = SelfAttention(SHAPE)
    x = torch.randn(1, 5, 8)
    query, keys, values = (part.view(5, 2, 4) for part in attention.project(x[0]).chunk(3, dim=-1))
    allowed = torch.ones(5, 5, dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    heads = [by_hand(query[:, h], keys[:, h], values[:, h], allowed) for h in range(2)]
    expected = attention.out(torch.cat(heads, dim=-1))
    torch.testing.assert_close(attention(x, causal=causal)[0], expected, rtol=1e-5, atol=1e-6)


def test_rows_of_one_source_share_its_keys():
    cross = CrossAttention(SHAPE)
    encoded, mask = torch.randn(2, 3, 8), torch.tensor([[True, True, False], [True, True, True]])
    keys, values = cross.remember(encoded)
    x = torch.randn(6, 4, 8)
    folded = cross(x, keys, values, mask[:, None, None])
    repeated = cross(
        x,
        keys.repeat_interleave(3, 0),
        values.repeat_interleave(3, 0),
        mask.repeat_interleave(3, 0)[:, None, None],
    )
    torch.testing.assert_close(folded, repeated)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_padding_does_not_reach_the_tokens(norm):
    shape = BlockShape(8, 2, 12, 0.0, norm)
    block, x = EncoderBlock(shape), torch.randn(1, 3, 8)
    alone = block(x, torch.ones(1, 1, 1, 3, dtype=torch.bool))
    padded = functional.pad(x, (0, 0, 0, 2), value=7.0)
    mask = torch.tensor([True, True, True, False, False])[None, None, None]
    torch.testing.assert_close(block(padded, mask)[:, :3], alone)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_cached_equals_uncached(norm):
    shape = BlockShape(8, 2, 12, 0.0, norm)
    stack = DecoderStack(2, shape)
    memory = stack.remember(torch.randn(2, 3, 8), torch.ones(2, 3, dtype=torch.bool))
    x = torch.randn(4, 5, 8)
    whole = stack(x, memory, causal=True)
    cache = Cache(2, 4, capacity=5, shape=shape, like=x)
    parts = [stack(x[:, :2], memory, causal=True, cache=cache)]
    parts += [stack(x[:, i : i + 1], memory, causal=True, cache=cache) for i in range(2, 5)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="one position"):
        stack(x[:, :2], memory, causal=True, cache=cache)


def test_selected_rows_go_on_as_themselves():
    stack = DecoderStack(1, SHAPE)
    memory = stack.remember(torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
    x = torch.randn(3, 3, 8)
    whole = stack(x, memory, causal=True)
    cache = Cache(1, 3, capacity=3, shape=SHAPE, like=x)
    stack(x[:, :2], memory, causal=True, cache=cache)
    rows = torch.tensor([2, 0])
    cache.select(rows)
    last = stack(x[rows, 2:], memory, causal=True, cache=cache)
    torch.testing.assert_close(last, whole[rows, 2:], rtol=1e-5, atol=1e-6)


def test_a_cache_grows_and_keeps_what_it_holds():
    length = 2 * CACHE_STEP + 3
    stack = DecoderStack(2, SHAPE)
    memory = stack.remember(torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
    x, rows = torch.randn(3, length, 8), torch.tensor([2, 0])
    whole = stack(x, memory, causal=True)
    cache = Cache(2, 3, capacity=length, shape=SHAPE, like=x)
    for i in range(CACHE_STEP):
        stack(x[:, i : i + 1], memory, causal=True, cache=cache)
    assert cache.keys[0].size(2) == CACHE_STEP
    cache.select(rows)
    parts = [
        stack(x[rows, i : i + 1], memory, causal=True, cache=cache)
        for i in range(CACHE_STEP, length)
    ]
    assert cache.keys[0].shape == (2, 2, length, 4)
    torch.testing.assert_close(
        torch.cat(parts, dim=1), whole[rows, CACHE_STEP:], rtol=1e-5, atol=1e-6
    )


def test_decoding_reads_keys_of_a_head_that_are_neighbours():
    cross, encoded = CrossAttention(SHAPE), torch.randn(2, 3, 8)
    learnt = cross.remember(encoded)
    with torch.no_grad():
        read = cross.remember(encoded)
    assert all(part.is_contiguous() for part in read)
    assert all(torch.equal(a, b) for a, b in zip(learnt, read, strict=True))


@pytest.mark.parametrize(("heads", "norm"), [(3, "pre"), (0, "pre"), (2, "sandwich")])
def test_impossible_shapes_are_told(heads, norm):
    with pytest.raises(UserError, match=r"heads|norm"):
        BlockShape(8, heads, 12, 0.0, norm)
