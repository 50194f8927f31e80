"""A causal language model of transformers as a reader of prompts and a writer of targets.

Prompts are padded on the left and targets on the right, in training as in decoding, so that all
targets of a batch begin in one column; positions count tokens, not columns.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from baselines.source_rows import rows_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Columns:
    """Token ids of several rows, and which of them are tokens; both `(rows, columns)`."""

    ids: Tensor
    mask: Tensor
    """1 for tokens, 0 for padding: the id alone is ambiguous if pad and eos share one."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], pad_id: int, *, left: bool = False) -> "Columns":
        """Rows of ids, padded to the longest."""
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), pad_id)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            place = slice(width - len(row), width) if left else slice(0, len(row))
            ids[index, place] = torch.tensor(row, dtype=torch.int64)
            mask[index, place] = 1
        return cls(ids, mask)

    def to(self, device: torch.device) -> "Columns":
        """The same on a device."""
        return Columns(self.ids.to(device), self.mask.to(device))


def predict(
    model: "PreTrainedModel", ids: Tensor, mask: Tensor, *, last: int, cache: Any = None
) -> Tensor:
    """Logits `(rows, last, vocab)` after each of the last columns.

    Args:
        model: any causal language model of transformers.
        ids: tokens, `(rows, columns)`; with a cache, those not yet in it.
        mask: of all columns, those in the cache included.
        last: number of columns to return logits for.
        cache: a `Cache` of transformers, extended by this call.
    """
    logits: Tensor = _call(model, ids, mask, last, cache, {}).logits
    return logits[:, -last:]


def predict_with_states(
    model: "PreTrainedModel", ids: Tensor, mask: Tensor, *, last: int, cache: Any = None
) -> tuple[Tensor, Tensor]:
    """As `predict`, with the states that the logits are read from, `(rows, last, dim)`."""
    output = _call(model, ids, mask, last, cache, {"output_hidden_states": True})
    return output.logits[:, -last:], output.hidden_states[-1][:, -last:]


def _call(
    model: "PreTrainedModel", ids: Tensor, mask: Tensor, last: int, cache: Any, more: dict[str, Any]
) -> Any:
    wanted: dict[str, Any] = {
        "position_ids": (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.size(1) :],
        "logits_to_keep": last,
    }
    # Some architectures count positions by the mask alone, or give all logits.
    known = inspect.signature(model.forward).parameters
    extra = {name: value for name, value in wanted.items() if name in known}
    return model(
        ids,
        attention_mask=mask,
        past_key_values=cache,
        use_cache=cache is not None,
        **extra,
        **more,
    )


class CausalStepper:
    """`baselines.left_to_right_search.Stepper` over a causal language model.

    The prompt passes through the network once per source, and its keys are then copied to the
    candidates. The first step reads what the prompt predicted: it does not call the network.

    Args:
        model: in evaluation mode.
        prompts: padded on the left, one row per source, on the model's device.
        per_source: candidates of every source.
    """

    def __init__(self, model: "PreTrainedModel", prompts: Columns, per_source: int) -> None:
        from transformers import DynamicCache

        self.model = model
        self.per_source = per_source
        self.cache = DynamicCache(config=model.config)
        self.mask = prompts.mask
        logits = self._predict(prompts.ids)
        self.cache.batch_repeat_interleave(per_source)
        self.mask = prompts.mask.repeat_interleave(per_source, dim=0)
        self._first: Tensor | None = logits.repeat_interleave(per_source, dim=0)

    def step(self, tokens: Tensor) -> Tensor:
        """Logits `(rows, vocab)` after one more token per row, `(rows,)`.

        The tokens of the first step are the last of the prompts, which have been read.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        self.mask = torch.cat((self.mask, self.mask.new_ones((len(tokens), 1))), dim=1)
        return self._predict(tokens[:, None])

    def reorder(self, rows: Tensor) -> None:
        """Row r continues as a copy of `rows[r]`, which belongs to the same source."""
        # Rows of a source share their prompt, so that the mask stays as it is.
        self.cache.reorder_cache(rows)

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""
        rows = rows_of(sources, self.per_source)
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]

    def _predict(self, ids: Tensor) -> Tensor:
        return predict(self.model, ids, self.mask, last=1, cache=self.cache)[:, -1]


class StateStepper(CausalStepper):
    """A `CausalStepper` that shows the state behind the logits of its last step."""

    state: Tensor
    """`(rows, dim)`."""

    def __init__(self, model: "PreTrainedModel", prompts: Columns, per_source: int) -> None:
        super().__init__(model, prompts, per_source)
        self.state = self.state.repeat_interleave(per_source, dim=0)

    def _predict(self, ids: Tensor) -> Tensor:
        logits, states = predict_with_states(self.model, ids, self.mask, last=1, cache=self.cache)
        self.state = states[:, -1]
        return logits[:, -1]
