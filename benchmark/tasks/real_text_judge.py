"""What judges of real texts share: no distribution of real texts is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.api import UserError


@dataclass(frozen=True)
class RealTextJudge:
    """The base of a judge of texts by people; see `benchmark.api.Judge`."""

    folder: str
    """Name of the task's folder, in messages."""

    def features(self, text: str) -> None:
        """No feature of real texts has a known distribution."""

    def shares(self, source: str, feature: str) -> Mapping[str, float]:
        """Raise: the distributions of real texts are not known."""
        raise UserError(
            f"{self.folder} is a task of real texts, whose distribution of {feature!r} is not"
            " known: omit feature_divergence."
        )
