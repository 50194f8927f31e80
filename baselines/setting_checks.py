"""Checks that no range of one field can express; each error explains how to fix the value."""

from benchmark.api import UserError


def check_heads(dim: int, heads: int) -> None:
    """Raise `UserError` unless attention can split `dim` evenly among `heads`."""
    if dim % heads:
        raise UserError(f"dim {dim} is not a multiple of heads {heads}: change one of the two.")


def check_beam(system: str, num_samples: int, beam: int, name: str = "beam") -> None:
    """Raise `UserError` if a beam yields fewer candidates than requested.

    Args:
        system: id, for the sentence.
        num_samples: requested candidates per source.
        beam: candidates that the ranked list of a source has.
        name: of the field of the decoding that sets `beam`.
    """
    if num_samples > beam:
        raise UserError(
            f"{system}: a {name.replace('_', ' ')} of {beam} has fewer than {num_samples}"
            f" candidates: set {name} to {num_samples} or more."
        )
