"""Training events for TensorBoard and Weights & Biases, where they are installed and asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmark.api import UserError

Package = Literal["tensorboard", "wandb"]


class Tracker(Protocol):
    """Follows one training."""

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event of `events.jsonl`."""

    def close(self) -> None:
        """Write what is left: the training has ended, or was stopped."""


def check_installed(package: Package) -> None:
    """Raise UserError if the package is missing."""
    if importlib.util.find_spec(package) is None:
        raise UserError(f"--{package} needs a package: pip install 'diffuseq-bench[{package}]'.")


class TensorBoardTracker:
    """Writes every event of a training as scalars below one folder."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def add(self, event: Mapping[str, Any]) -> None:
        """Write the figures of an event."""
        for name, value in _list_scalars(event):
            self.writer.add_scalar(name, value, event["update"])
        self.writer.flush()

    def close(self) -> None:
        """Close the file."""
        self.writer.close()


class WandbTracker:
    """A run of Weights & Biases; `WANDB_MODE=offline` keeps it on this machine."""

    def __init__(
        self, project: str, *, key: str, name: str, config: Mapping[str, Any], folder: Path
    ) -> None:
        """Begin the run, or go on with that of a training that was stopped.

        Args:
            project: where it is listed.
            key: of the training.
            name: of the run, for people.
            config: what was asked for.
            folder: in which `wandb/` holds its files.

        Raises:
            UserError: if it cannot begin.
        """
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.run = wandb.init(
                project=project, id=key, resume="allow", name=name, config=dict(config),
                dir=str(folder), reinit="create_new",
            )  # fmt: skip
        except wandb.Error as error:
            raise UserError(
                f"Weights & Biases does not begin ({' '.join(str(error).split())}): log in with"
                " `wandb login`, or set WANDB_MODE=offline."
            ) from error

    def add(self, event: Mapping[str, Any]) -> None:
        """Log the figures of an event."""
        self.run.log(dict(_list_scalars(event)), step=event["update"])

    def close(self) -> None:
        """Finish the run."""
        self.run.finish()


def _list_scalars(event: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    scalars = {name: event.get(name) for name in ("loss", "lr", "selection")}
    for name, value in (scalars | event.get("terms", {}) | event.get("quality", {})).items():
        if value is not None:
            yield f"{event['kind']}/{name}", value
