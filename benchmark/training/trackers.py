"""Training events for TensorBoard, if it is installed and requested."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api import UserError


def check_installed() -> None:
    """Raise UserError if the package is missing."""
    if importlib.util.find_spec("tensorboard") is None:
        raise UserError("--tensorboard needs a package: pip install 'diffuseq-bench[tensorboard]'.")


class EventMirror:
    """Writes every event of a training as scalars below one folder."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def add(self, event: Mapping[str, Any]) -> None:
        """One event of `events.jsonl`."""
        kind, update = event["kind"], event["update"]
        scalars = {"loss": event["loss"], "lr": event.get("lr")}
        for name, value in (scalars | event.get("terms", {}) | event.get("quality", {})).items():
            if value is not None:
                self.writer.add_scalar(f"{kind}/{name}", value, update)
        self.writer.flush()
