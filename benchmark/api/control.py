"""The control line: what a source asks of its target, and the text to be edited.

`sentiment: positive | tense: past` asks for a new text; ` => the waiter was rude` after it for an
edited one. An attribute that is not named is free. A backslash before a sign of the line makes it
part of a name, a value or the text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from benchmark.api.types import UserError

if TYPE_CHECKING:
    from torch import Tensor, device

_BETWEEN = " | "
_IS = ": "
_TEXT = "=> "
_SIGN = re.compile(r"\\|\||=>|:")


@dataclass(frozen=True, slots=True)
class Control:
    """The attributes that are wanted, by name, and the text to edit, None for a new one."""

    wanted: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    def __str__(self) -> str:
        """The control line; `read_control` reads it back."""
        pairs = (f"{_escape(n)}{_IS}{_escape(v)}" for n, v in self.wanted.items())
        line = _BETWEEN.join(pairs)
        if self.text is None:
            return line
        return f"{line} {_TEXT}{_escape(self.text)}".lstrip()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a candidate does with its control; `kept` and `others_kept` where a text was given."""

    valid: bool
    """Whether it is a sentence of the grammar; on real texts, whether there is a text."""
    wanted: Mapping[str, bool]
    """By wanted attribute whether the candidate has its value; all False unless valid."""
    kept: bool | None = None
    """Whether all that does not express a changed attribute stayed; None where nothing decides it,
    as on real texts."""
    others_kept: bool | None = None
    """Whether the attributes that were not named kept their values."""

    @property
    def success(self) -> bool:
        """Valid, and every wanted attribute has its value."""
        return self.valid and all(self.wanted.values())


class LanguageModel(Protocol):
    """Says how likely a text is; fitted to the texts of a task, and shown to no system."""

    @property
    def name(self) -> str:
        """What it is, in signatures: another name, other figures."""

    def log_probability(self, text: str) -> float:
        """Mean over the tokens of a text and its end, in nats."""

    def of_held_out(self) -> float | None:
        """The mean over held-out texts by people; None where there are none."""


class Judge(Protocol):
    """Decides what candidates do with their control lines."""

    @property
    def name(self) -> str:
        """What it is, in signatures: another name, other judgements."""

    @property
    def language_model(self) -> LanguageModel | None:
        """Says how likely texts of the task are; None where nothing is fitted to them."""

    def ceilings(self) -> Mapping[str, float]:
        """By attribute the share that it gives texts which are right; empty where it knows."""

    def remarks(self) -> Sequence[str]:
        """The same in sentences, with what it was measured on."""

    def judge(self, source: str, text: str) -> Judgement:
        """What `text` does with the control line `source`."""

    def features(self, text: str) -> Mapping[str, str] | None:
        """Features of a sentence whose true distribution is known, by name; None if invalid."""

    def shares(self, source: str, feature: str) -> Mapping[str, float]:
        """The true distribution of a feature under the control line `source`."""


# Every metric reads the line of every candidate.
@functools.lru_cache(maxsize=4096)
def read_control(source: str) -> Control | None:
    """The control that a source holds; None if it is no control line.

    The empty line asks for nothing: every attribute is free.
    """
    head, found, text = _split(f" {source}", f" {_TEXT}")
    wanted: dict[str, str] = {}
    rest = head.strip()
    while rest:
        pair, _, rest = _split(rest, _BETWEEN)
        name, is_pair, value = _split(pair, _IS)
        parts = name.strip(), value.strip()
        if not is_pair or any(not part or _split(part, "|")[1] for part in parts):
            return None
        name, value = map(_unescape, parts)
        if name in wanted:
            return None
        wanted[name] = value
    return Control(wanted, _unescape(text) if found else None)


def require_control(source: str, task: str) -> Control:
    """The control that a source holds.

    Args:
        source: a control line.
        task: its name in the message.

    Raises:
        UserError: if it is no control line.
    """
    control = read_control(source)
    if control is None:
        raise UserError(
            f"{task}: {source!r} is no control line: write `name: value | ...`, and ` => text` for"
            " an edit."
        )
    return control


def read_controls(
    system: str,
    sources: Sequence[str],
    attributes: Mapping[str, Sequence[str]] | None,
    *,
    steered: bool,
) -> list[Control]:
    """The controls of sources for a guided system; a source that holds none asks for nothing.

    Args:
        system: its name in the message.
        sources: control lines.
        attributes: the values that its operators know; None where none were fitted.
        steered: whether it is to follow what is wanted.

    Raises:
        UserError: for a wanted value without an operator, or without operators to follow it.
    """
    controls = [read_control(source) or Control() for source in sources]
    if attributes is None and not steered:
        return controls
    for name, value in (pair for control in controls for pair in control.wanted.items()):
        if attributes is None:
            raise UserError(
                f"{system} has no operators: fit them on labelled examples (`fit_operators`)."
            )
        if value not in attributes.get(name, ()):
            known = "; ".join(f"{n}: {', '.join(values)}" for n, values in attributes.items())
            raise UserError(
                f"{system} has no operator for '{name}: {value}': ask for what was labelled"
                f" ({known})."
            )
    return controls


def index_labels(
    attributes: Mapping[str, Sequence[str]],
    labels: Sequence[Mapping[str, str]],
    device: str | device,
) -> dict[str, Tensor]:
    """By attribute, for each of `labels` the index of its value, int64 `(n,)`; -1 if it has none.

    Args:
        attributes: the values of every attribute.
        labels: values by attribute.
        device: of the indices.
    """
    import torch

    return {
        name: torch.tensor(
            [values.index(of[name]) if of.get(name) in values else -1 for of in labels],
            dtype=torch.int64,
            device=device,
        )
        for name, values in attributes.items()
    }


def module_name(attribute: str) -> str:
    """The key of an attribute in a `torch.nn.ModuleDict`: its own name where torch allows it.

    torch refuses names with a dot, and those that its modules have already, such as `type`.
    """
    from torch import nn

    if "." in attribute or hasattr(nn.ModuleDict(), attribute):
        return f"attribute_{attribute.encode().hex()}"
    return attribute


def _escape(text: str) -> str:
    return _SIGN.sub(lambda sign: f"\\{sign[0]}", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(\\|\||=>|:)", r"\1", text)


def _split(text: str, sign: str) -> tuple[str, bool, str]:
    """What stands before and after the first `sign` that no backslash precedes."""
    if "\\" not in text:
        before, found, after = text.partition(sign)
        return before, bool(found), after
    # Escapes are passed over as wholes, so that the backslash of one never counts for the next.
    passed = re.match(rf"(?:\\.|(?!{re.escape(sign)})[^\\]|\\$)*", text, re.DOTALL)
    end = passed.end() if passed else 0
    return text[:end], end < len(text), text[end + len(sign) :]
