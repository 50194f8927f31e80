"""A dataset of the hub, read by the library `datasets` (extra `datasets`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.tasks.pair_files import INSTALL, Rows, dataset_rows
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task_folder import split_of

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def is_hub_id(name: str) -> bool:
    """Whether it has the form OWNER/NAME, and OWNER is no folder in which NAME was misspelt."""
    return _ID.fullmatch(name) is not None and not Path(name).parent.is_dir()


def read_hub(name: str, subset: str | None = None) -> Mapping[Split, Rows]:
    """The rows of the splits of a dataset.

    Args:
        name: OWNER/NAME, or a folder as the hub has them.
        subset: one of several that it has, such as a pair of languages.

    Raises:
        UserError: if it cannot be read, or has no test split.
    """
    try:
        from datasets import load_dataset
        from huggingface_hub.utils import logging
    except ImportError as error:
        raise UserError(f"{name} is a dataset of the hub: `{INSTALL}` reads it.") from error
    # What it says of every try is said once, at the end.
    logging.set_verbosity_error()
    try:
        found: Mapping[str, Any] = load_dataset(name, subset)
    except Exception as error:  # it passes on any error of its transport
        said = " ".join(str(error).split())
        raise UserError(
            f"The dataset {name} cannot be had from the hub ({said:.300}): check its name, its"
            " --subset and the connection, or copy its files into a folder and name that."
        ) from error
    splits = {split: made for key, made in found.items() if (split := split_of(str(key)))}
    if "test" not in splits:
        raise UserError(
            f"The dataset {name} has no test split, only {', '.join(map(str, found))}: save it with"
            " its save_to_disk and give one of the folders the name test."
        )
    where = name if subset is None else f"{name} {subset}"
    return {
        split: dataset_rows(splits[split], f"{where}, {split}")
        for split in SPLITS
        if split in splits
    }
