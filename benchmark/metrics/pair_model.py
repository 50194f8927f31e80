"""What a model of pairs of texts says of a candidate: entailment, paraphrase, reward.

`pair_model:model=FOLDER` reads every candidate together with its references (`against=references`,
the best one counts) or its source, and gives the probability of one label: with an NLI model that
the text entails the candidate, with a paraphrase model that both mean the same, with a reward
model of one output its logistic function. `label` names the label, by name or number; without it,
it is the only output, or the one that is called entailment, paraphrase, duplicate or equivalent.
`order=candidate-first` turns the pair round, `order=both` takes the lesser of the two: with an NLI
model, that either text entails the other. An empty candidate scores 0.

The model is a folder on this machine that holds its configuration, its tokeniser and safetensors,
as `save_pretrained` of transformers writes it. Nothing is downloaded, no pickle is opened, and no
code from the folder is run. The signature holds a digest of the folder, so that a model that
changed gives another signature; read a figure only beside what its model was trained and tested on.

Source: entailment in both directions as a criterion of equal meaning, as in Kuhn et al., "Semantic
uncertainty" (arXiv 2302.09664, section 3.2).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE, libraries
from benchmark.metrics.encoder import (
    BATCH_TOKENS,
    NotLoadedError,
    batches_of_one_length,
    count_positions,
    digest_files,
    load_pretrained,
)
from benchmark.metrics.interface import (
    Item,
    Option,
    Scores,
    count_references,
    sign,
)
from benchmark.metrics.text import CASE_OPTION, TextMetric, fold

AGREEMENT = ("entailment", "paraphrase", "duplicate", "equivalent")
"""Names of the label that is taken where none is asked for."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PairModel(TextMetric):
    """Probability of a label for a candidate and its references or source."""

    name = "pair_model"
    title = "pair model"
    summary = "an NLI, paraphrase or reward model of yours, by folder: model=FOLDER"
    options: ClassVar[Mapping[str, Option]] = {
        **CASE_OPTION,
        "model": Option(""),
        "against": Option("references", ("references", "source")),
        "order": Option("candidate-last", ("candidate-last", "candidate-first", "both")),
        "label": Option(""),
        DEVICE: Option("cpu"),
    }

    model: str = ""
    """A folder."""
    against: Literal["references", "source"] = "references"
    order: Literal["candidate-last", "candidate-first", "both"] = "candidate-last"
    label: str = ""
    """Name or number of an output; empty: see the module."""
    device: str = "cpu"
    """Where the model runs; no part of id and signature."""

    def __post_init__(self) -> None:
        if not self.model or not any(Path(self.model).expanduser().glob("*.safetensors")):
            raise UserError(
                f"Metric 'pair_model': {self.model or 'no folder'!r} holds no model: name a folder"
                " with config.json, a tokeniser and *.safetensors as pair_model:model=FOLDER."
            )

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        folder = Path(self.model).expanduser()
        model = f"{folder.resolve().name}@sha256-{digest(str(folder))}"
        options = sign(
            self.name,
            case=self.case,
            model=model,
            against=self.against,
            order=self.order,
            label=self.label or "auto",
        )
        return f"{options}|multiref:best|{libraries('transformers', 'torch')}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1].

        Raises:
            UserError: if the model cannot be loaded, or has no such label.
        """
        signature = self.signature
        if self.against == "references":
            signature = count_references(signature, items)
        model = load_model(self.model, self.label, self.device)
        pairs = [[self._pairs(item, text) for text in item.candidates] for item in items]
        found = model.probabilities([p for of in pairs for ways in of for way in ways for p in way])
        values = np.array(
            [
                # The best reference, each by the lesser of the ways it is read.
                [max(min(found[pair] for pair in way) for way in ways) for ways in of_item]
                for of_item in pairs
            ]
        )
        empty = np.array([[not text.strip() for text in item.candidates] for item in items])
        return Scores(np.where(empty, 0.0, values), signature)

    def _pairs(self, item: Item, candidate: str) -> list[list[Pair]]:
        """By text to compare with, the pairs that are read."""
        text = fold(candidate, self.case)
        others = item.references if self.against == "references" else (item.content,)
        found = []
        for other in (fold(other, self.case) for other in others):
            last, first = (other, text), (text, other)
            found.append(
                {"candidate-last": [last], "candidate-first": [first], "both": [last, first]}[
                    self.order
                ]
            )
        return found


@dataclass(frozen=True)
class Classifier:
    """A tokeniser and a network that classifies pairs, ready to be called."""

    tokenizer: Any
    network: Any
    output: int
    device: str
    limit: int
    """Longest pair in tokens; the longer of the two texts is cut."""

    def probabilities(self, pairs: Sequence[Pair]) -> dict[Pair, float]:
        """The probability of the label for every distinct pair.

        Pairs of one length form a batch, so nothing is padded.
        """
        distinct = list(dict.fromkeys(pairs))
        if not distinct:
            return {}
        rows = self.tokenizer(
            [first for first, _ in distinct],
            [second for _, second in distinct],
            truncation="longest_first",
            max_length=self.limit,
        )
        found: dict[Pair, float] = {}
        for batch in batches_of_one_length(rows["input_ids"], BATCH_TOKENS):
            inputs = {name: [of_rows[row] for row in batch] for name, of_rows in rows.items()}
            for row, value in zip(batch, self._classify(inputs), strict=True):
                found[distinct[row]] = value
        return found

    def _classify(self, inputs: Mapping[str, list[list[int]]]) -> list[float]:
        import torch

        with torch.inference_mode():
            tensors = {n: torch.tensor(rows, device=self.device) for n, rows in inputs.items()}
            logits = self.network(**tensors).logits.double()
            if logits.shape[-1] == 1:
                values: list[float] = logits[:, 0].sigmoid().tolist()
            else:
                values = logits.softmax(dim=-1)[:, self.output].tolist()
        return values


@functools.cache
def digest(folder: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of all files of a folder, by name."""
    paths = sorted(Path(folder).iterdir())
    return digest_files(p for p in paths if p.is_file() and not p.name.startswith("."))[:12]


@functools.lru_cache(maxsize=1)
def load_model(name: str, label: str, device: str) -> Classifier:
    """Load a classifier of pairs from a folder: safetensors alone, nothing from the network.

    Args:
        name: the folder.
        label: name or number of an output; empty: see the module.
        device: where it runs.

    Raises:
        UserError: if it cannot be loaded, or has no such label.
    """
    try:
        tokenizer, network = load_pretrained(
            "AutoModelForSequenceClassification", name, device, from_folder=True
        )
    except NotLoadedError as error:
        raise UserError(
            f"Metric 'pair_model' cannot load {name!r} on {device} ({error}): name a folder that"
            " holds a classifier of transformers as safetensors."
        ) from error
    config = network.config
    names = {int(number): str(called).lower() for number, called in config.id2label.items()}
    # As in `benchmark.metrics.encoder`: RoBERTa counts positions from 2.
    padded = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
    limit = min(int(tokenizer.model_max_length), count_positions(network) - padded)
    return Classifier(tokenizer, network, find_label(label, names, name), device, limit)


def find_label(label: str, names: Mapping[int, str], model: str) -> int:
    """The number of the output that a label means.

    Args:
        label: name or number; empty: the only one, or the first of `AGREEMENT` that there is.
        names: of the outputs, in lower case, by number.
        model: for the error message.

    Raises:
        UserError: if there is none.
    """
    if not label and len(names) == 1:
        return next(iter(names))
    wanted = (label.lower(),) if label else AGREEMENT
    by_name = {name: number for number, name in names.items()}
    by_name |= {str(number): number for number in names}
    found = next((by_name[name] for name in wanted if name in by_name), None)
    if found is None:
        listed = ", ".join(f"{number} ({name})" for number, name in sorted(names.items()))
        raise UserError(
            f"Metric 'pair_model': the model {model!r} has no label"
            f" {label or ' or '.join(AGREEMENT)!r}: say label=NUMBER, one of {listed}."
        )
    return found
