"""From the recipe of a system to its settings: the row of the table and the points of curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from benchmark.api import DecodingProtocol, System, UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.configuration import fill
from benchmark.experiment.suite import Suite


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to decode a trained system: a point in the plots."""

    label: str
    roles: tuple[str, ...]
    """`main`: the row of the table; `sweep`, `nfe`: points of the two curves; `ablation`: a
    row of the tables of `ablations`; `mbr`: the main decoding with more candidates."""
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
    suite: Suite, system: str, system_class: type[System], ablate: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """The main setting, the sweeps of knob and NFE, the ablations; equal ones share their roles."""
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
    return tuple(
        _setting(
            decoding,
            main,
            roles=tuple(dict.fromkeys(its_roles)),
            knob=capabilities.knob,
            ablations=tuple(dict.fromkeys(ablations.get(decoding, ()))),
        )
        for decoding, its_roles in roles.items()
    )


def _setting(
    decoding: DecodingProtocol,
    main: Any,
    *,
    roles: tuple[str, ...],
    knob: str | None,
    ablations: tuple[str, ...],
) -> Setting:
    values: dict[str, Any] = asdict(decoding)  # type: ignore[call-overload]
    changed = [name for name, value in values.items() if value != getattr(main, name)]
    named = changed or [knob] if knob is not None else changed
    label = ", ".join(
        f"{name}={values[name]:g}" if _is_number(values[name]) else f"{name}={values[name]}"
        for name in named
    )
    value = values.get(knob) if knob is not None else None
    return Setting(
        label=label or "main",
        roles=roles,
        knob=knob,
        knob_value=float(value) if value is not None and _is_number(value) else None,
        nfe=decoding.nfe,
        kind=decoding.kind,
        decoding=values,
        ablations=ablations,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_field(system_class: type[System], field: str, where: str) -> None:
    known = [f.name for f in fields(system_class.Decoding)]
    if field not in known:
        raise UserError(f"Unknown key '{where}.{field}': {suggestion(field, known)}")
