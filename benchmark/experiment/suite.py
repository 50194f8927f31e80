"""Suites: complete recipes in YAML, read strictly.

An unknown key of a recipe is an error with a suggestion; every default is written here, in the
system's `Config` and `Decoding`, or in the file, and the complete recipe is stored with the
results.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from benchmark.api import UserError, Weighting
from benchmark.api.did_you_mean import nearest, suggestion
from benchmark.api.regular_file import check_regular
from benchmark.api.token_unit import Unit, read_unit
from benchmark.api.tokenizers import TokenizerRecipe
from benchmark.experiment.configuration import fill
from benchmark.experiment.overrides import apply
from benchmark.runtime.yaml_format import read_yaml, write_yaml
from benchmark.tasks import Columns, list_tasks, read_origin


class _Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Count = Annotated[int, Field(gt=0, le=10**12)]
LEAST_EXAMPLES = 200
"""Valid examples without which no weights are chosen: the best on fewer is luck."""
"""A positive number of things that are counted, within what can be."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
ProperShare = Annotated[float, Field(ge=0, lt=1)]


LabelsAlone = Annotated[str, Field(pattern=r"^[1-9][0-9]*-alone$")]
"""A number of labels without the texts that have none."""


class LengthsRecipe(_Recipe):
    """The canvas of a task, in tokens, special tokens included.

    `56+` is 56, or more where the train texts ask for it: see `benchmark.experiment.canvas`.
    """

    source: int | str
    target: int | str

    @field_validator("source", "target", mode="before")
    @classmethod
    def _length(cls, value: object) -> int | str:
        written = str(value)
        if re.fullmatch(r"[1-9][0-9]{0,5}\+", written):
            return written
        if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,5}(\.0)?", written):
            raise ValueError(
                "give a number of tokens from 1 to 999999, or one that may grow, such as 56+"
            )
        return int(float(written))


class LimitsRecipe(_Recipe):
    """Number of examples to use from the beginning of each split; null = all."""

    train: Count | None = None
    valid: Count | None = None
    test: Count | None = None


class TaskRecipe(_Recipe):
    """A task in the suite."""

    default: bool = True
    """Whether `--task all` includes it."""
    lengths: LengthsRecipe
    limits: LimitsRecipe = LimitsRecipe()
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    tokens: Unit | None = None
    """What word metrics count: words, characters, zh or ja; null = what the folder of the task
    says, or what its texts show; see `benchmark.api.token_unit`."""
    source_key: str | None = Field(None, min_length=1)
    """Column of the sources in the files of the task, or ending of their file of lines; null = what
    the folder of the task says, or found by its name; see `benchmark.tasks.pair_columns`."""
    target_key: str | None = Field(None, min_length=1)
    """The same, of the targets."""
    refs_key: str | None = Field(None, min_length=1)
    """The same, of all references."""
    labels: Count | None = None
    """Train examples, from the beginning, whose attributes may be used; null = all. Only for tasks
    with attributes; see `benchmark.tasks.label_budget`."""
    label_sweep: list[Count | LabelsAlone | None] = []
    """Further numbers of labels, each with the main setting alone: the curve over labels. With
    `N-alone` conditional systems see N labelled examples and no others."""
    sweep: bool = True
    """Whether the sweeps of the systems are decoded; false = the main setting and, of a guided
    system, the one that is not guided, the base rate of its successes."""
    budget: dict[str, Any] = {}
    """Overrides of the suite's `budget`."""
    metrics: list[str] = []
    """Measured on this task besides `evaluation.metrics`."""
    semantic_metrics: list[str] = []
    """The same, besides `evaluation.semantic_metrics`."""
    quality: str | None = None
    """The metric that is the main quality, by which the report compares systems where no answers
    are known; null = that of the task, see `benchmark.tasks.catalogue`."""
    systems: list[str] | None = None
    """Systems that run on it when none is named; null = those that are marked as default."""

    @property
    def columns(self) -> Columns:
        """The columns that it names."""
        return Columns(self.source_key, self.target_key, self.refs_key)

    @field_validator("tokens", mode="before")
    @classmethod
    def _known(cls, value: object) -> Unit | None:
        return None if value is None else read_unit(value)


class TrainingRecipe(_Recipe):
    """The one training loop: see `benchmark.training.trainer`."""

    batch: Count = 64
    """Examples per update, over all devices and accumulation steps."""
    micro_batch: Count | Literal["auto"] | None = None
    """Examples per forward pass, over all processes; null = the whole batch; auto = as many as fit,
    see `benchmark.training.micro_batch`: what was found is recorded. An update is the same within
    rounding, but for dropout."""
    learning_rate: float = Field(1e-3, gt=0, le=1000)
    schedule: Literal["constant", "linear", "cosine", "inverse-sqrt"] = "linear"
    warmup_updates: int = Field(100, ge=0, le=10**12)
    beta_1: ProperShare = 0.9
    beta_2: ProperShare = 0.999
    weight_decay: float = Field(0.0, ge=0, le=1000)
    optimiser: Literal["adamw", "muon"] = "adamw"
    """muon moves the matrices of layers, adamw the rest: see `benchmark.training.optimiser`."""
    newton_schulz_steps: int = Field(5, ge=1, le=20)
    """Steps by which Muon makes an update orthogonal: see `benchmark.training.optimiser`."""
    clip_norm: float | None = Field(1.0, gt=0)
    ema_decay: ProperShare = 0.0
    """0 = no averaging; otherwise the averaged weights are stored."""
    ema_warmup: bool = True
    """Whether the decay grows from 0 with the updates: see `benchmark.training.ema`."""
    precision: Literal["float32", "bf16", "auto"] = "float32"
    """auto = bf16 where it pays: see `benchmark.training.loss_module.is_bf16`."""
    by_length: bool = False
    """Whether the examples of an update are sorted by length before they are split into micro
    batches: less padding, the same update. Order: source, then target, in characters."""
    compile: bool | Literal["aot-eager"] = False
    """Whether calls of the network are compiled: see `benchmark.runtime.compilation`."""
    validate_every: Count | None = None
    """Updates between validations; null = only at the end."""
    valid_examples: Count = 100
    """Examples of the valid split used for the validation loss."""
    quality_examples: int = Field(32, ge=0, le=10**12)
    """Examples of the valid split decoded for the quality curve."""
    keep: Literal["last", "best"] = "last"
    """Which weights are stored: see `benchmark.experiment.weight_choice`."""
    keep_examples: int = Field(LEAST_EXAMPLES, ge=LEAST_EXAMPLES, le=10**12)
    """Valid examples behind `evaluation.valid_sources` on which the best are found."""
    quality_decoding: dict[str, Any] = {}
    """How the quality curve decodes where that differs from the main setting, such as fewer calls;
    the weights do not depend on it."""
    patience: Count | None = None
    """Validations no better than the best so far that end training; needs `keep: best`."""
    checkpoint_s: float = Field(30.0, gt=0)
    """Seconds between checkpoints."""

    @model_validator(mode="after")
    def _best_is_known(self) -> TrainingRecipe:
        if self.patience is not None and self.keep != "best":
            raise ValueError("patience counts from the best validation: set keep: best as well")
        return self


class Budget(_Recipe):
    """What ends training: the first bound reached."""

    updates: Count | None = None
    tokens: Count | None = None
    seconds: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _bounded(self) -> Budget:
        if self.updates is None and self.tokens is None and self.seconds is None:
            raise ValueError("a budget needs updates, tokens or seconds")
        return self


class SystemRecipe(_Recipe):
    """A system in the suite: its size, its training, its settings."""

    default: bool = True
    """Whether it runs when no system is named."""
    config: dict[str, Any] = {}
    training: dict[str, Any] = {}
    """Overrides of the suite's `training`."""
    operators: dict[str, Any] = {}
    """How operators are fitted; only for guided systems."""
    budget: dict[str, Any] = {}
    """Overrides of the budget of suite and task."""
    decoding: dict[str, Any] = {}
    """The setting of the row in the table."""
    sweep: dict[str, list[Any]] = {}
    """Values of the diversity knob: the curve of quality over diversity."""
    nfe: list[Count] = []
    """Numbers of function evaluations: the curve of quality over cost."""
    tasks: list[str] | None = None
    """Tasks on which it runs; null = all."""
    why_size: str = ""
    """A sentence for the report on why the system differs in size from the others; see
    `benchmark.report.tables.model_sizes`."""


class IntervalChoice(_Recipe):
    """Confidence intervals by the bootstrap."""

    level: float = Field(0.95, gt=0, lt=1)
    resamples: Annotated[int, Field(gt=0, le=10**6)] = 1000
    seed: Seed = 0


class MbrChoice(_Recipe):
    """Minimum Bayes risk over the number of candidates: see `benchmark.scoring.mbr_curves`."""

    candidates: Count | None = None
    """Candidates per source of a separate setting with the main decoding; null = no such
    setting."""
    sources: Count | None = None
    """Number of sources to decode, from the beginning of the test split; null = all."""
    utilities: list[str] = []
    """Utilities for comparing candidates, besides `mbr_utility`."""


class TraceRecipe(_Recipe):
    """How intermediate states are traced: see `benchmark.generation.intermediate_states`."""

    sources: Count = 50
    """Number of sources, from the beginning of the test split."""
    steps: Count = 20
    """Number of steps whose texts are kept, evenly spaced; always includes the last."""


class LikelihoodRecipe(_Recipe):
    """Likelihoods of the test targets: see `benchmark.scoring.likelihood_stage`."""

    samples: int = Field(32, ge=1, le=4096)
    """Draws per target, where a system has a bound; exact values need none."""
    weighting: Weighting = "mean"
    """How the draws are joined: `importance` is closer, and each draw is a whole path: as many
    network calls as the chain has steps."""
    steps: Count | None = None
    """Steps of the chain whose bound it is; null = all that a system was trained on."""


class Evaluation(_Recipe):
    """What is generated for the test split, and how it is scored."""

    num_samples: Count = 8
    valid_sources: Count | None = None
    """Sources from the beginning of the valid split that main settings and sweeps decode too:
    the settings that stand for a system at equal diversity and equal cost are chosen there. null =
    none, and the report shows curves without such comparisons."""
    batch: Count = 512
    """Network rows decoded at once (candidates, not sources)."""
    compile: bool | Literal["cuda-graphs", "aot-eager"] = False
    """How calls of the network are compiled: see `benchmark.runtime.compilation`."""
    precision: Literal["float32", "tf32", "bf16", "auto"] = "float32"
    """Of the network's matrix products in decoding: see `benchmark.runtime.precision`. auto = bf16
    where the GPU supports it."""
    metrics: list[str] = ["bleu_sent_m4", "bleu_corpus", "rouge_l"]
    published_metrics: list[str] = []
    """Beside these on tasks with published figures, which stand beside no other scale."""
    controlled_metrics: list[str] = ["validity", "coverage", "divergence"]
    """Additional metrics for tasks with known answers."""
    control_metrics: list[str] = ["control", "sentence", "control_if_sentence"]
    """Additional metrics for tasks with attributes."""
    semantic_metrics: list[str] = []
    """Additional metrics for other tasks, where the encoder of texts that they need is installed
    and reads the script of the task; they are left out where not."""
    mbr_utility: str = "bleu_sent_m4"
    mbr: MbrChoice = MbrChoice()
    interval: IntervalChoice = IntervalChoice()
    trace: TraceRecipe | None = None
    """null = no trace."""
    likelihood: LikelihoodRecipe | None = None
    """null = no likelihoods."""


class Suite(_Recipe):
    """A complete recipe."""

    name: str
    description: str = ""
    seeds: list[Seed] = Field([1], min_length=1)
    threads: Annotated[int, Field(gt=0, le=4096)] = 1
    """CPU threads of a trial; fixed, because sums in another order round differently."""
    tasks: dict[str, TaskRecipe]
    other_tasks: TaskRecipe | None = None
    """The recipe of a folder in `--data-dir` that has none of its own."""
    training: TrainingRecipe = TrainingRecipe()
    budget: Budget
    evaluation: Evaluation = Evaluation()
    systems: dict[str, SystemRecipe]
    tuning: str | None = None
    """Record of the search of its recipes, a path from the working folder, or else from the
    suites of the package; decides no result."""

    @field_validator("seeds")
    @classmethod
    def _differ(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            # One training that counts twice would make an interval too narrow.
            raise ValueError("a seed stands twice: name every seed once")
        return seeds

    def with_tasks(self, names: Sequence[str], data_dir: Path | None) -> Suite:
        """The suite with a recipe added for each named task of `data_dir` without one.

        A distilled task has the recipe of its original task.

        Raises:
            UserError: if a task is nowhere, or is in `data_dir` and the suite has no recipe for it.
        """
        if data_dir is None:
            return self
        new: dict[str, TaskRecipe] = {}
        for name in names:
            if name in self.tasks or name == "all":
                continue
            # A folder of texts with attributes is also the task `<folder>-edit`.
            folder = data_dir / name
            folder = folder if folder.is_dir() else data_dir / name.removesuffix("-edit")
            present = [] if folder.is_dir() else list_tasks(data_dir)
            if present and name not in present:
                raise UserError(
                    f"There is no task {name!r} in suite {self.name!r} and none in {data_dir}:"
                    f" {suggestion(name, [*self.tasks, *present])}"
                )
            recipe = self.tasks.get(read_origin(folder) or "", self.other_tasks)
            if recipe is None:
                raise UserError(
                    f"The suite {self.name} has no recipe for {name!r}: name another with"
                    " --suite, such as small or tiny."
                )
            new[name] = recipe
        return self.model_copy(update={"tasks": self.tasks | new})

    def with_trace(self) -> Suite:
        """The suite with tracing on: its own recipe, or the default."""
        trace = self.evaluation.trace or TraceRecipe()
        evaluation = self.evaluation.model_copy(update={"trace": trace})
        return self.model_copy(update={"evaluation": evaluation})

    def with_label_sweep(self, tasks: Sequence[str], budgets: Sequence[int | str | None]) -> Suite:
        """The suite with the curve over these numbers of labels on some tasks; None = all."""
        changed = {
            name: self.tasks[name].model_copy(update={"label_sweep": list(budgets)})
            for name in tasks
        }
        return self.model_copy(update={"tasks": self.tasks | changed})

    def training_of(self, system: str) -> TrainingRecipe:
        """The suite's training with the system's overrides."""
        changes = self.recipe_of(system).training
        values, where = self.training.model_dump() | changes, f"systems.{system}.training"
        return fill(TrainingRecipe, values, where)

    def budget_of(self, system: str, task: str) -> Budget:
        """The suite's budget with the overrides of the task, then of the system."""
        of_task = self.budget.model_dump() | self.tasks[task].budget
        fill(Budget, of_task, f"tasks.{task}.budget")
        changes = self.recipe_of(system).budget
        return fill(Budget, of_task | changes, f"systems.{system}.budget")

    def recipe_of(self, system: str) -> SystemRecipe:
        """The system's recipe; all defaults for a system outside the suite."""
        return self.systems.get(system, SystemRecipe())

    def yaml(self) -> str:
        """The complete recipe, defaults included."""
        return write_yaml(
            self.model_dump(mode="json", exclude={"tuning"} if self.tuning is None else None)
        )


def suite_names() -> list[str]:
    """The suites in the package."""
    folder = resources.files("benchmark") / "suites"
    return sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_suite(name: str, overrides: Sequence[str] = ()) -> Suite:
    """Read a suite by name or path and apply `key=value` overrides.

    A key is a path into the file (`evaluation.num_samples`). Short forms: `lengths.`, `limits.`,
    `tokenizer.`, `tokens`, `source_key`, `target_key` and `refs_key` reach every task; `training.`
    and `budget.` reach every system, including those with their own value; `SYSTEM.key` is a field
    of the system's recipe or of its config.

    Raises:
        UserError: for an unknown suite or key, or an invalid value.
    """
    values = _read_yaml(name)
    known = list(values.get("tasks") or ())
    for override in overrides:
        apply(
            values,
            override,
            suite_keys=Suite.model_fields,
            recipe_keys=SystemRecipe.model_fields,
        )
    _complete_new_tasks(values, known)
    suite = fill(Suite, values, "")
    for system in suite.systems:
        suite.training_of(system)
        for task in suite.tasks:
            suite.budget_of(system, task)
    return suite


def _complete_new_tasks(values: dict[str, Any], known: Collection[str]) -> None:
    """Give what overrides say of a task outside the file the rest of the recipe of other tasks.

    Raises:
        UserError: if there is no such recipe, or the name is close to that of a task of the file.
    """
    tasks, usual = values.get("tasks"), values.get("other_tasks")
    if not isinstance(tasks, dict):
        return
    for name, recipe in [*tasks.items()]:
        if name in known or not isinstance(recipe, dict) or _has_lengths(recipe):
            continue
        if not isinstance(usual, dict) or nearest(name, known):
            raise UserError(f"Unknown key 'tasks.{name}': {suggestion(name, known)}")
        parts = {
            key: {**usual[key], **of} if isinstance(of, dict) and key in usual else of
            for key, of in recipe.items()
        }
        tasks[name] = {**_expand_aliases(usual), "default": False, **parts}


def _has_lengths(recipe: dict[str, Any]) -> bool:
    lengths = recipe.get("lengths")
    return isinstance(lengths, dict) and {"source", "target"} <= {*lengths}


def _read_yaml(name: str) -> dict[str, Any]:
    if name in suite_names():
        text = (resources.files("benchmark") / "suites" / f"{name}.yaml").read_text("utf-8")
    elif name.endswith((".yaml", ".yml")):
        check_regular(Path(name))
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"The suite {name} cannot be read: {error}.") from error
    else:
        raise UserError(f"There is no suite {name!r}: {suggestion(name, suite_names())}")
    try:
        values = read_yaml(text)
    except yaml.YAMLError as error:
        place = " ".join(str(error).split())
        raise UserError(f"The suite {name} is not valid YAML: {place}.") from error
    if not isinstance(values, dict):
        raise UserError(f"The suite {name} holds no keys: it must be a mapping.")
    return _expand_aliases(values)


def _expand_aliases(value: Any) -> Any:
    """The value without YAML's aliases, so that changing one place does not change the others."""
    if isinstance(value, dict):
        return {key: _expand_aliases(inner) for key, inner in value.items()}
    return [_expand_aliases(inner) for inner in value] if isinstance(value, list) else value
