"""Checks of configurations and decodings; each error explains how to fix the value."""

from collections.abc import Iterator, Sequence

from benchmark.api import UserError


def check_at_least_one(where: str, settings: object, *names: str) -> None:
    """Raise `UserError` unless each of the fields is None or 1 or more."""
    for name, value in _named(settings, names):
        if value < 1:
            raise UserError(f"{where}: {name} {value}: use 1 or more.")


def check_not_negative(where: str, settings: object, *names: str) -> None:
    """Raise `UserError` unless each of the fields is 0 or more; not-a-number is not."""
    for name, value in _named(settings, names):
        if not value >= 0:
            raise UserError(f"{where}: {name} {value} is negative: use 0 or more.")


def check_share(where: str, settings: object, *names: str) -> None:
    """Raise `UserError` unless each of the fields is in [0, 1]."""
    for name, value in _named(settings, names):
        if not 0 <= value <= 1:
            raise UserError(f"{where}: {name} {value} is not in [0, 1]: use 0 to 1.")


def check_positive_share(where: str, settings: object, *names: str) -> None:
    """Raise `UserError` unless each of the fields is in (0, 1]."""
    for name, value in _named(settings, names):
        if not 0 < value <= 1:
            raise UserError(f"{where}: {name} {value} is not in (0, 1]: use above 0, up to 1.")


def check_choice(where: str, settings: object, name: str, choices: Sequence[str]) -> None:
    """Raise `UserError` unless the field is one of `choices`."""
    value = getattr(settings, name)
    if value not in choices:
        raise UserError(f"{where}: {name} {value!r} is unknown: use {', '.join(choices)}.")


def check_heads(where: str, dim: int, heads: int) -> None:
    """Raise `UserError` unless attention can split `dim` evenly among `heads`."""
    if heads < 1 or dim % heads:
        raise UserError(
            f"{where}: dim {dim} is not a multiple of heads {heads}: change one of the two."
        )


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


def _named(settings: object, names: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The named fields with their values, without those that are None."""
    return ((n, value) for n in names if (value := getattr(settings, n)) is not None)
