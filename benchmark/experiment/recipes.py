"""The parts of a suite: what is trained on what, and how it is decoded and scored.

All defaults that are no system's own stand here.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from benchmark.api import Weighting
from benchmark.api.token_unit import Unit, read_unit
from benchmark.api.tokenizers import TokenizerRecipe
from benchmark.tasks import Columns


class Recipe(BaseModel):
    """A part of a suite: an unknown key is an error, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Count = Annotated[int, Field(gt=0, le=10**12)]
"""A positive number of things that are counted, within what can be."""
LEAST_EXAMPLES = 200
"""Valid examples without which no weights are chosen: the best on fewer is luck."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
ProperShare = Annotated[float, Field(ge=0, lt=1)]


LabelsAlone = Annotated[str, Field(pattern=r"^[1-9][0-9]*-alone$")]
"""A number of labels without the texts that have none."""


class LengthsRecipe(Recipe):
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


class LimitsRecipe(Recipe):
    """Number of examples to use from the beginning of each split; null = all."""

    train: Count | None = None
    valid: Count | None = None
    test: Count | None = None


class TaskRecipe(Recipe):
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


class TrainingRecipe(Recipe):
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
    muon_precision: Literal["float32", "bfloat16"] = "bfloat16"
    """In what Muon counts. bfloat16, torch's own, is fast on GPUs and slow on processors without
    instructions for it; float32 is as fast on all: see `benchmark.training.muon`."""
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


class Budget(Recipe):
    """What ends training: the first bound reached."""

    updates: Count | None = None
    tokens: Count | None = None
    seconds: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _bounded(self) -> Budget:
        if self.updates is None and self.tokens is None and self.seconds is None:
            raise ValueError("a budget needs updates, tokens or seconds")
        return self


class SystemRecipe(Recipe):
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


class IntervalChoice(Recipe):
    """Confidence intervals by the bootstrap."""

    level: float = Field(0.95, gt=0, lt=1)
    resamples: Annotated[int, Field(gt=0, le=10**6)] = 1000
    seed: Seed = 0


class MbrChoice(Recipe):
    """Minimum Bayes risk over the number of candidates: see `benchmark.scoring.mbr_curves`."""

    candidates: Count | None = None
    """Candidates per source of a separate setting with the main decoding; null = no such
    setting."""
    sources: Count | None = None
    """Number of sources to decode, from the beginning of the test split; null = all."""
    utilities: list[str] = []
    """Utilities for comparing candidates, besides `mbr_utility`."""


class TraceRecipe(Recipe):
    """How intermediate states are traced: see `benchmark.generation.intermediate_states`."""

    sources: Count = 50
    """Number of sources, from the beginning of the test split."""
    steps: Count = 20
    """Number of steps whose texts are kept, evenly spaced; always includes the last."""


class LikelihoodRecipe(Recipe):
    """Likelihoods of the test targets: see `benchmark.scoring.likelihood_stage`."""

    samples: int = Field(32, ge=1, le=4096)
    """Draws per target, where a system has a bound; exact values need none."""
    weighting: Weighting = "mean"
    """How the draws are joined: `importance` is closer, and each draw is a whole path: as many
    network calls as the chain has steps."""
    steps: Count | None = None
    """Steps of the chain whose bound it is; null = all that a system was trained on."""


class Evaluation(Recipe):
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
