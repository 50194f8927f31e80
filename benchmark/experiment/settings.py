"""From the recipe of a system to its settings: the row of the table and the points of curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from benchmark.api import DecodingProtocol, EditDecoding, System, UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.configuration import fill
from benchmark.experiment.suite import Suite


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to decode a trained system: a point in the plots."""

    label: str
    roles: tuple[str, ...]
    """`main`: the row of the table; `sweep`, `nfe`: points of the two curves; `ablation`: a
    row of the tables of `ablations`; `mbr`: the main decoding with more candidates; `labels`: the
    main decoding of a system that learnt from another number of labels."""
    knob: str | None
    knob_value: float | None
    nfe: int | None
    kind: str
    decoding: dict[str, Any]
    """All fields of the decoding."""
    ablations: tuple[str, ...] = ()
    """The ablations that it is a variant of."""
    num_samples: int | None = None
    """Candidates per source; None = `evaluation.num_samples`."""
    num_sources: int | None = None
    """Number of sources to decode, from the beginning of the test split; None = all."""


def settings_of(
    suite: Suite,
    system: str,
    system_class: type[System],
    ablate: Sequence[str] = (),
    *,
    edits: bool = False,
) -> tuple[Setting, ...]:
    """The main setting, the sweeps of knob and NFE, the ablations; equal ones share their roles.

    Args:
        edits: whether the sources hold texts to be edited.
    """
    recipe, capabilities = suite.recipe_of(system), system_class.capabilities
    where = f"systems.{system}"
    main = fill(system_class.Decoding, recipe.decoding, f"{where}.decoding")
    points: list[tuple[str, Any]] = [("main", main)]
    for field, values in recipe.sweep.items():
        _check_field(system_class, field, f"{where}.sweep")
        for value in values:
            changed = asdict(main) | {field: value}
            points.append(("sweep", fill(system_class.Decoding, changed, f"{where}.sweep")))
    if recipe.nfe:
        if capabilities.nfe_knob is None:
            raise UserError(f"{where}.nfe: {system} has no number of function evaluations to set.")
        for value in recipe.nfe:
            points.append(("nfe", replace(main, **{capabilities.nfe_knob: value})))
    ablations: dict[Any, list[str]] = {}
    for name in ablate:
        for changes in capabilities.ablations.get(name, ()):
            changed = asdict(main) | dict(changes)
            variant = fill(system_class.Decoding, changed, f"{system}, ablation {name}")
            points.append(("ablation", variant))
            ablations.setdefault(variant, []).append(name)
    roles: dict[Any, list[str]] = {}
    for role, decoding in points:
        roles.setdefault(decoding, []).append(role)
    if capabilities.knob is not None and capabilities.knob in recipe.sweep:
        roles[main].append("sweep")  # the curve passes through the row of the table
    knob = capabilities.knob
    return tuple(
        Setting(
            label=_label(decoding, main, knob),
            roles=tuple(dict.fromkeys(its_roles)),
            knob=knob,
            knob_value=_number(getattr(decoding, knob)) if knob is not None else None,
            nfe=decoding.nfe,
            kind=_kind(decoding, edits=edits),
            decoding=asdict(decoding),
            ablations=tuple(dict.fromkeys(ablations.get(decoding, ()))),
        )
        for decoding, its_roles in roles.items()
    )


def _kind(decoding: DecodingProtocol, *, edits: bool) -> str:
    if edits and isinstance(decoding, EditDecoding):
        return decoding.kind_of_edits
    return decoding.kind


def with_labels(main: Setting, labels: str) -> Setting:
    """The main setting as a point of the curve over labels."""
    return replace(main, label=f"labels={labels}", roles=("labels",))


def _label(decoding: Any, main: Any, knob: str | None) -> str:
    """The fields that differ from the main setting; without any, the knob."""
    values = asdict(decoding)
    changed = [name for name, value in values.items() if value != getattr(main, name)]
    named = changed or [knob] if knob is not None else changed
    parts = []
    for name in named:
        number = _number(values[name])
        parts.append(f"{name}={values[name]}" if number is None else f"{name}={number:g}")
    return ", ".join(parts) or "main"


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _check_field(system_class: type[System], field: str, where: str) -> None:
    known = [f.name for f in fields(system_class.Decoding)]
    if field not in known:
        raise UserError(f"Unknown key '{where}.{field}': {suggestion(field, known)}")
