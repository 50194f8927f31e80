"""From a suite to cells: task x system x seed, each with its stages and their keys.

A key is a hash of everything that decides the content of an entry, so a new metric never
generates again, a new setting never trains again, and a finished cell is never redone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from benchmark.api import DecodingProtocol, Example, System, UserError
from benchmark.metrics import Metric, make_metric
from benchmark.metrics.utility import Utility, make_utilities
from benchmark.more_candidates import with_mbr
from benchmark.registry import load_system, system_entries
from benchmark.settings import fill
from benchmark.store import content_key
from benchmark.suggestion import suggestion
from benchmark.suite import Suite
from benchmark.tasks import Task, load_task

TRACED = ("bleu_sent_m4", "rouge_l", "self_bleu", "div_4", "validity", "coverage")
"""What is measured along a trace: quality and diversity, and nothing slow."""


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
    """Complete."""
    ablations: tuple[str, ...] = ()
    """The ablations of which it is a variant."""
    num_samples: int | None = None
    """Candidates that it is asked for; None = `evaluation.num_samples`."""
    num_sources: int | None = None
    """Sources of the test split that it decodes, from its beginning; None = all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one task with one seed, and all its settings."""

    task: str
    system: str
    seed: int
    train_key: str | None
    """None where nothing is trained."""
    settings: tuple[Setting, ...]
    generate_keys: tuple[str, ...]
    """One a setting."""
    trace_key: str | None = None
    """None where no trace is asked for, or the system shows no steps."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.task} / {self.system} / seed {self.seed}"

    @property
    def main(self) -> Setting:
        """The setting that is the row of the table."""
        return self.settings[0]


@dataclass(frozen=True)
class Plan:
    """What a call of `benchmark.run` is about to do."""

    suite: Suite
    data_dir: Path | None
    tasks: dict[str, Task]
    cells: tuple[Cell, ...]


def choose_tasks(suite: Suite, names: Sequence[str]) -> list[str]:
    """The tasks behind `--task`; `all` = those that the suite marks as its default.

    Raises:
        UserError: for a task that the suite does not have.
    """
    default = [name for name, recipe in suite.tasks.items() if recipe.default]
    names = ["default" if name == "all" else name for name in names]
    return _choose(names, list(suite.tasks), default, f"suite {suite.name!r}", "task")


def choose_systems(suite: Suite, names: Sequence[str]) -> list[str]:
    """The systems behind `--system`; `default` = those marked so, `all` = all that are installed.

    A registered id that the suite does not have, or a dotted path `module:Class`, runs with the
    defaults of its class.

    Raises:
        UserError: for a system that is neither in the suite, nor registered, nor a path.
    """
    default = [name for name, recipe in suite.systems.items() if recipe.default]
    known = [name for name in suite.systems if name not in missing_systems(suite)]
    others = [n for n in names if ":" in n or n in system_entries()]
    return _choose(names, known, default, f"suite {suite.name!r}", "system", others=others)


def missing_systems(suite: Suite) -> dict[str, str]:
    """Systems of the suite that need what is not installed, with the line that installs it."""
    entries = system_entries()
    return {
        name: entries[name].install
        for name in suite.systems
        if name in entries and not entries[name].available
    }


def _choose(
    names: Sequence[str],
    known: list[str],
    default: list[str],
    where: str,
    what: str,
    *,
    others: Sequence[str] = (),
) -> list[str]:
    chosen: list[str] = []
    for name in names:
        if name == "all":
            chosen += known
        elif name == "default":
            chosen += default
        elif name in known or name in others:
            chosen.append(name)
        else:
            raise UserError(f"There is no {what} {name!r} in {where}: {suggestion(name, known)}")
    return list(dict.fromkeys(chosen))


def make_plan(
    suite: Suite,
    *,
    tasks: Sequence[str],
    systems: Sequence[str],
    data_dir: Path | None,
    ablate: Sequence[str] = (),
) -> Plan:
    """Load the data, check every recipe, and name every entry.

    Args:
        ablate: ablations by name; a system that has one of them decodes its variants too.

    Raises:
        UserError: for data that cannot be read, a recipe that does not fit its system, or an
            ablation that no system has.
    """
    _check_ablations(systems, ablate)
    loaded = {name: load(suite, name, data_dir) for name in tasks}
    for task in loaded.values():
        check_metrics(suite, task)
    cells = [
        make_cell(suite, loaded[task], system, seed, ablate)
        for task in tasks
        for system in systems
        for seed in suite.seeds
        if _applies(suite, loaded[task], system)
    ]
    return Plan(suite, data_dir, loaded, tuple(cells))


def load(suite: Suite, task: str, data_dir: Path | None) -> Task:
    """The task with the suite's limits."""
    return load_task(task, data_dir=data_dir, limits=suite.tasks[task].limits.model_dump())


def metrics_of(suite: Suite, task: Task) -> list[Metric]:
    """The metrics of a task; those with known answers where the task has them."""
    # A task that a suite does not know is scored by what it measures everywhere.
    recipe = suite.tasks.get(task.id, suite.other_tasks)
    specs = [*suite.evaluation.metrics, *(recipe.metrics if recipe else ())]
    if task.conditional is not None:
        specs += suite.evaluation.controlled_metrics
    return [make_metric(spec, conditional=task.conditional) for spec in dict.fromkeys(specs)]


def utilities_of(suite: Suite) -> tuple[Utility, ...]:
    """What candidates are compared by: `mbr_utility`, which chooses in the table, stands first."""
    return make_utilities((suite.evaluation.mbr_utility, *suite.evaluation.mbr.utilities))


def check_metrics(suite: Suite, task: Task) -> None:
    """See that the evaluation of a suite can be carried out on a task.

    Raises:
        UserError: for a metric that is not known or needs what the task has not, or a utility
            that cannot compare candidates.
    """
    metrics_of(suite, task)
    utilities_of(suite)


def config_of(suite: Suite, system: str, system_class: type[System]) -> Any:
    """The complete configuration."""
    return fill(system_class.Config, suite.recipe_of(system).config, f"systems.{system}.config")


def _applies(suite: Suite, task: Task, system: str) -> bool:
    recipe = suite.recipe_of(system)
    if recipe.tasks is not None and task.id not in recipe.tasks:
        return False
    return task.conditional is not None or system != "oracle"


def _check_ablations(systems: Sequence[str], ablate: Sequence[str]) -> None:
    known = {name for system in systems for name in load_system(system).capabilities.ablations}
    for name in ablate:
        if name not in known:
            raise UserError(
                f"None of the chosen systems has an ablation {name!r}: {suggestion(name, known)}"
            )


def make_cell(suite: Suite, task: Task, system: str, seed: int, ablate: Sequence[str]) -> Cell:
    """One cell with its keys.

    Raises:
        UserError: for a system that cannot be loaded or a recipe that does not fit it.
    """
    system_class = load_system(system)
    config = asdict(config_of(suite, system, system_class))
    task_recipe = suite.tasks[task.id]
    identity: dict[str, Any] = {
        "system": system,
        "version": system_class.version,
        "config": config,
        "data": {"version": task.version, **task.split_digests},
        "lengths": task_recipe.lengths.model_dump(),
        "tokenizer": task_recipe.tokenizer.model_dump(),
        "seed": seed,
    }
    train_key = None
    if system_class.capabilities.trainable:
        training = suite.training_of(system).model_dump()
        # When checkpoints are written does not change what they hold.
        training.pop("checkpoint_s")
        # Fields of a later version: entries of an earlier one keep their keys.
        for later in ("by_length", "compile"):
            if not training[later]:
                training.pop(later)
        identity["data"] = {n: d for n, d in identity["data"].items() if n != "test"}
        identity["training"] = training
        identity["budget"] = suite.budget_of(system, task.id).model_dump()
        identity["threads"] = suite.threads
        train_key = content_key({"stage": "train", **identity})
    settings = settings_of(suite, system, system_class, ablate)
    settings = with_mbr(settings, suite.evaluation, num_test=len(task.test))
    keys = tuple(
        content_key(
            {
                "stage": "generate",
                "source": train_key or identity,
                "data": task.split_digests["test"],
                "decoding": setting.decoding,
                "num_samples": num_samples_of(suite, setting),
                "seed": seed,
                **_compiling(suite),
            }
            | ({} if setting.num_sources is None else {"num_sources": setting.num_sources})
        )
        for setting in settings
    )
    trace_key = _trace_key(suite, task, system_class, settings[0], keys[0])
    return Cell(task.id, system, seed, train_key, settings, keys, trace_key)


def traced_metrics(suite: Suite, task: Task) -> list[Metric]:
    """The metrics of a task that are measured at the steps of a trace."""
    return [m for m in metrics_of(suite, task) if m.id.partition(":")[0] in TRACED]


def _trace_key(
    suite: Suite, task: Task, system_class: type[System], main: Setting, generate_key: str
) -> str | None:
    recipe = suite.evaluation.trace
    if recipe is None or main.kind == "n-best" or not hasattr(system_class, "read_state"):
        return None
    return content_key(
        {
            "stage": "trace",
            "generate": generate_key,
            "recipe": recipe.model_dump(),
            "metrics": {m.id: m.signature for m in traced_metrics(suite, task)},
            "interval": suite.evaluation.interval.model_dump(),
        }
    )


def _compiling(suite: Suite) -> dict[str, Any]:
    """Compiled sums round otherwise; entries that are not compiled keep the keys they had."""
    how = suite.evaluation.compile
    return {"compile": how} if how else {}


def num_samples_of(suite: Suite, setting: Setting) -> int:
    """How many candidates a setting is asked for: a deterministic one has one answer."""
    if setting.kind == "single":
        return 1
    return setting.num_samples or suite.evaluation.num_samples


def sources_of(task: Task, setting: Setting) -> tuple[Example, ...]:
    """The part of the test split that a setting decodes."""
    return task.test[: setting.num_sources]


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
            raise UserError(f"{where}.nfe: {system} has no number of evaluations to set.")
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
