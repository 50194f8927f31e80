"""A folder to share: a trained system with a card that has its scores and its licence."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.library.checkpoint import HUB_FILES, Checkpoint, licence_of_report
from benchmark.records.reader import read_records
from benchmark.runtime.output_paths import make_folder
from benchmark.store.entries import RECORD, Store
from benchmark.store.files import list_digests, write_json, write_text
from benchmark.store.seal import FILES, DamagedError, read_sealed
from benchmark.training.model_card import CARD, FACTS, OPERATORS, format_card


def share(checkpoint: Checkpoint, folder: Path, *, report: Path | None = None) -> list[str]:
    """Copy a trained system into a new folder, with facts and card.

    Args:
        checkpoint: of an entry of a store, or a folder that has facts.
        folder: must not exist.
        report: of the run whose scores and licence the card shows; None = the scores in the store.

    Returns:
        A sentence on each thing that the card cannot say.

    Raises:
        UserError: if the folder exists, or nothing is known of the system.
    """
    if folder.exists():
        raise UserError(f"{folder} exists: name another folder with --output, or remove it.")
    if "task" not in checkpoint.facts:
        raise UserError(
            f"{checkpoint.folder} does not say what it was trained on, as folders of versions up to"
            " 0.5.0 do not: train it again, or copy it by hand."
        )
    facts, remarks = dict(checkpoint.facts), []
    if report is not None:
        facts["licence"] = licence_of_report(report, facts["task"]) or facts["licence"]
    scores = (
        _scores_of_store(checkpoint) if report is None else _scores_of_report(checkpoint, report)
    )
    if scores:
        facts["scores"] = scores
    if not facts.get("scores"):
        remarks.append("The card has no scores: neither store nor report has any of this system.")
    if not facts["licence"]:
        remarks.append(
            "The card has no licence: none is known of its data. Write one into it before you share"
            " the folder."
        )
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial, "--output", named=folder.parent)
    mode = partial.stat().st_mode
    shutil.copytree(checkpoint.folder, partial, dirs_exist_ok=True, copy_function=shutil.copyfile)
    if checkpoint.operators is not None and not (partial / OPERATORS).exists():
        # The folder that it is put into may have become read-only.
        partial.chmod(mode)
        shutil.copytree(checkpoint.operators, partial / OPERATORS, copy_function=shutil.copyfile)
    # Not the permissions of the original: a store may be for one person, or be read-only.
    for place in (partial, *(path for path in partial.rglob("*") if path.is_dir())):
        place.chmod(mode)
    facts[FILES] = {
        name: digest
        for name, digest in list_digests(partial, without=(FACTS, CARD)).items()
        if any(fnmatch(name, pattern) for pattern in HUB_FILES)
    }
    write_json(partial / FACTS, facts)
    write_text(partial / CARD, format_card(facts))
    partial.replace(folder)
    return remarks


def _entry(checkpoint: Checkpoint) -> tuple[Store, str] | None:
    """The store and the key of the entry that a folder is in."""
    entry = checkpoint.folder.parent
    is_entry = entry.parent.name == "train" and (entry / RECORD).is_file()
    return (Store(entry.parents[1]), entry.name) if is_entry else None


def _scores_of_report(checkpoint: Checkpoint, report: Path) -> dict[str, Any] | None:
    found = _entry(checkpoint)
    for record in read_records(report).trial_records:
        same = found is not None and record.keys.train == found[1]
        if same and "main" in record.setting.roles and record.score is not None:
            return _select(record.score.model_dump())
    return None


def _scores_of_store(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """The scores of the main setting on the test part; of several those of most metrics."""
    found = _entry(checkpoint)
    if found is None:
        return None
    store, key = found
    digests = {
        record["candidates_digest"]
        for record in _records(store, "generate")
        if record.get("train") == key
        and record.get("split") == "test"
        and "main" in record["setting"]["roles"]
        and record["setting"]["decoding"] == checkpoint.facts["setting"]["decoding"]
    }
    scores = [of for of in _records(store, "score") if of.get("candidates_digest") in digests]
    return _select(max(scores, key=lambda of: len(of["metrics"]))) if scores else None


def _records(store: Store, kind: Any) -> list[dict[str, Any]]:
    records = []
    for key in store.keys(kind):
        with suppress(DamagedError):
            records.append(read_sealed(store.folder(kind, key) / RECORD)[0])
    return records


def _select(score: Mapping[str, Any]) -> dict[str, Any]:
    """What a card shows: no upper bounds, and no metric that has no value."""
    return {
        "num_sources": score["num_sources"],
        "num_samples": score["num_samples"],
        "level": score["interval"]["level"],
        "values": [
            {
                "metric": name,
                "signature": metric["signature"],
                "statistic": statistic,
                **{part: _finite(of[part]) for part in ("value", "low", "high")},
            }
            for name, metric in score["metrics"].items()
            for statistic, of in metric["statistics"].items()
            if statistic != "oracle" and _finite(of["value"]) is not None
        ],
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
