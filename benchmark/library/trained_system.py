"""A trained system in the hand: texts in, a frame of candidates out."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmark.api import Steerable, System, UnnamedCheckpointWarning, UserError, check_identity
from benchmark.experiment.configuration import fill
from benchmark.library.checkpoint import Checkpoint, find_checkpoint
from benchmark.library.shared_folder import share
from benchmark.runtime.device import choose_device

if TYPE_CHECKING:
    from pandas import DataFrame

BATCH = 64
"""Candidates decoded at once."""


@dataclass(frozen=True)
class TrainedSystem:
    """A system with its weights and the setting that it decodes with."""

    checkpoint: Checkpoint
    system: System
    device: str

    @property
    def facts(self) -> Mapping[str, Any]:
        """Task, digest of the data, licence, training, setting: what its folder says of it."""
        return self.checkpoint.facts

    @property
    def decoding(self) -> dict[str, Any]:
        """The setting of the table of its run; empty where it is not known: the defaults."""
        return dict(self.facts.get("setting", {}).get("decoding", {}))

    def generate(
        self,
        sources: Sequence[str],
        *,
        num_samples: int = 1,
        seed: int = 1,
        decoding: Mapping[str, object] | None = None,
        batch: int = BATCH,
    ) -> DataFrame:
        """Candidates for texts.

        What is drawn for a text depends on the text, the seed and the number of the candidate, and
        on no other text: equal texts have equal candidates.

        Args:
            sources: texts, one for each answer that is wanted.
            num_samples: candidates for each.
            seed: another one gives other candidates.
            decoding: fields of the setting to change, such as `{"temperature": 0.5}`.
            batch: candidates decoded at once.

        Returns:
            A row for each candidate, source by source: `source`, `candidate` (from 0), `text`,
            `status` (see `benchmark.api.Status`), `logprob` (NaN where a system gives none).

        Raises:
            UserError: for an unknown field or a number that cannot be.
        """
        import pandas as pd

        from benchmark.api import Example
        from benchmark.generation.measured_generation import generate

        texts = _check_texts(sources)
        num_samples, batch = _whole("num_samples", num_samples), _whole("batch", batch)
        for name, number in (("num_samples", num_samples), ("batch", batch)):
            if number < 1:
                raise UserError(f"{name} is {number}: use 1 or more.")
        if not isinstance(decoding, Mapping | None):
            raise UserError(
                f"decoding is {decoding!r:.40}: give fields by name, as {{'temperature': 0.5}}."
            )
        setting = fill(
            self.checkpoint.system_class.Decoding,
            self.decoding | dict(decoding or {}),
            "decoding",
        )
        if setting.kind == "single" and num_samples > 1:
            raise UserError(
                f"{self.checkpoint.system} gives one answer with this setting: ask for 1, or change"
                " the setting (decoding=, --decoding)."
            )
        examples = [Example(_id(text), text, "", ("",)) for text in texts]
        made = generate(
            self.system,
            examples,
            setting,
            num_samples=num_samples,
            seed=_whole("seed", seed),
            batch=batch,
            device=self.device,
        )
        return pd.DataFrame(
            [
                (text, number, of.text, of.status, of.logprob)
                for text, candidates in zip(texts, made.candidates, strict=True)
                for number, of in enumerate(candidates)
            ],
            columns=["source", "candidate", "text", "status", "logprob"],
        ).astype({"logprob": "float64"})

    def count_unknown(self, sources: Sequence[str]) -> tuple[int, int]:
        """How many tokens of texts its vocabulary does not know, and how many there are.

        Nothing is known of a system without a tokeniser of `benchmark.api`: (0, 0).
        """
        resources = getattr(self.system, "resources", None)
        tokenizer = getattr(resources, "tokenizer", None)
        unknown = getattr(tokenizer, "unk_id", None)
        if tokenizer is None or unknown is None:
            return 0, 0
        ids = [token for text in _check_texts(sources) for token in tokenizer.encode(text)]
        return ids.count(unknown), len(ids)

    def share(self, folder: str | Path, *, report: str | Path | None = None) -> list[str]:
        """Copy the system into a new folder with a card, as `python -m benchmark.share` does.

        Args:
            folder: must not exist.
            report: of the run whose scores the card shows; None = what the store has.

        Returns:
            A sentence on each thing that the card cannot say.

        Raises:
            UserError: if the folder exists, or nothing is known of the system.
        """
        of_run = Path(report) if report is not None else None
        return share(self.checkpoint, Path(folder), report=of_run)


def load(
    source: str | Path,
    *,
    system: str | None = None,
    store: str | Path = "runs",
    report: str | Path | None = None,
    task: str | None = None,
    seed: int | None = None,
    device: str = "auto",
) -> TrainedSystem:
    """A trained system by its name in a store, from a folder, or from a model hub.

    Args:
        source: id of a system in `store`; or a folder: of a trained system, an entry of a store,
            a store, or the report of a run; or `OWNER/NAME` on a model hub.
        system: which one of a store or report; of a folder, the class `module:Class` of a system
            that is not registered.
        store: what `benchmark.run --store` named.
        report: of the run whose system is meant, where the store has several.
        task: that it was trained on, where there are several.
        seed: of its training, where there are several.
        device: auto, cpu or cuda.

    Raises:
        UserError: if there is none, there are several, or it cannot be read.
    """
    checkpoint = find_checkpoint(
        source,
        system=system,
        store=Path(store),
        report=Path(report) if report is not None else None,
        task=task,
        seed=seed,
    )
    where, cls = choose_device(device), checkpoint.system_class
    with warnings.catch_warnings():
        # In a store, the record of the entry says which system it is.
        warnings.simplefilter("ignore", UnnamedCheckpointWarning)
        check_identity(checkpoint.folder, cls)
        system_ = cls.load(checkpoint.folder, where)
        if checkpoint.operators is not None:
            steered = cast("Steerable", system_)
            values = checkpoint.facts["operators"]["recipe"]
            recipe: Any = fill(steered.OperatorConfig, values, "operators")
            steered.load_operators(checkpoint.operators, recipe)
    return TrainedSystem(checkpoint, system_, where)


def _check_texts(sources: Sequence[str]) -> list[str]:
    if isinstance(sources, str):
        raise UserError("sources is one text: give a list of texts.")
    # Both iterate over names, which would be taken for texts.
    if isinstance(sources, Mapping) or hasattr(sources, "columns"):
        raise UserError(
            f"sources is a {type(sources).__name__}: give the list or column of it that has the"
            " texts."
        )
    try:
        texts = [*sources]
    except TypeError as error:
        raise UserError(f"sources is {sources!r:.40}: give a list of texts.") from error
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise UserError(f"sources[{number}] is {text!r:.40} and no text.")
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise UserError(
                f"sources[{number}] holds half a character (a lone surrogate): read it as UTF-8."
            )
    return texts


def _whole(name: str, number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, Integral):
        raise UserError(f"{name} is {number!r:.40}: use a whole number.")
    return int(number)


def _id(text: str) -> str:
    """What the noise of a text is keyed by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
