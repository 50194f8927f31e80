"""How the autoregressive systems of this package are decoded."""

from dataclasses import dataclass

from baselines.left_to_right import LeftToRightDecoding
from baselines.setting_checks import check_beam
from benchmark.api import Count, UserError


@dataclass(frozen=True)
class AutoregressiveDecoding(LeftToRightDecoding):
    """How to decode; the network is called once for each token of the longest candidate."""

    groups: Count | None = None
    """Of `diverse-beam`: groups of the beam that avoid each other; None means one per
    hypothesis."""
    max_length: Count | None = None
    """Maximum number of tokens, end included; None means the target canvas."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.groups is not None and self.beam % self.groups:
            raise UserError(
                f"groups {self.groups} do not divide a beam of {self.beam} evenly:"
                " use a divisor of the beam."
            )

    def rows(self, num_samples: int) -> int:
        """Rows that are decoded for every source."""
        if self.kind == "n-best":
            return self.beam
        return 1 if self.kind == "single" else num_samples

    def length(self, system: str, canvas: int, num_samples: int) -> int:
        """Maximum number of tokens of a candidate, end included.

        Args:
            system: id, for errors.
            canvas: maximum number of tokens of the target.
            num_samples: requested candidates per source.

        Raises:
            UserError: if `max_length` exceeds the canvas, or the beam is narrower than
                `num_samples`.
        """
        if self.kind == "n-best":
            check_beam(system, num_samples, self.beam)
        if (self.max_length or canvas) > canvas:
            raise UserError(
                f"{system}: max_length {self.max_length} exceeds the target canvas of"
                f" {canvas}: lower it, or raise lengths.target and train again."
            )
        return self.max_length or canvas
