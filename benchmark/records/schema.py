"""The layout of `records/`, as the types that it is validated against.

Unknown keys are accepted, so that older code can render newer records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from benchmark.api import CandidateKind, LikelihoodKind, Status, Weighting

Level = Literal["candidate", "set", "corpus"]
Direction = Literal["higher", "lower", "none"]
Role = Literal["main", "sweep", "nfe", "ablation", "mbr", "labels"]

Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A float; null, which stands for an undefined value in JSON, is NaN."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Interval(_Record):
    """A value with its confidence interval; NaN where undefined."""

    value: Number
    low: Number = math.nan
    high: Number = math.nan

    @property
    def defined(self) -> bool:
        """Whether there is a value at all."""
        return math.isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval around the value."""
        return self.defined and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


UNDEFINED = Interval(value=math.nan)


class CurveRecord(_Record):
    """Values with their intervals; by the number of candidates, entry n - 1 is that of n."""

    value: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]


class MetricScore(_Record):
    """One metric over one set of candidates."""

    signature: str
    title: str
    level: Level
    direction: Direction
    unit: str = ""
    range: tuple[Number, Number] = (-math.inf, math.inf)
    statistics: dict[str, Interval]
    mbr_curve: dict[str, CurveRecord] = {}
    """By utility; empty in records that have none, as `oracle_curve`."""
    oracle_curve: CurveRecord | None = None


class IntervalMethod(_Record):
    """How the intervals of a score record were made."""

    method: str
    level: float
    resamples: int | None = None
    seed: int | None = None


class Score(_Record):
    """All metrics over one set of candidates."""

    metrics: dict[str, MetricScore]
    num_sources: int
    num_samples: int
    mbr_utility: str = ""
    mbr_utilities: tuple[str, ...] = ()
    capitals: bool | None = None
    """Whether any candidate has a capital letter; None where no reference has one, or in records
    that do not say."""
    interval: IntervalMethod


class SettingRecord(_Record):
    """How a system decoded."""

    label: str
    roles: tuple[Role, ...]
    knob: str | None = None
    knob_value: Any = None
    nfe: float | None = None
    kind: CandidateKind = "samples"
    decoding: dict[str, Any] = {}
    ablations: tuple[str, ...] = ()


class Keys(_Record):
    """Content keys of the stages behind a trial record: the provenance of its figures."""

    train: str | None = None
    generate: str | None = None
    score: str | None = None
    trace: str | None = None
    likelihood: str | None = None


class TrialCost(_Record):
    """Measured cost of a generation; see `benchmark.api.Cost`."""

    depth: Number = math.nan
    rows: Number = math.nan
    tokens: Number = math.nan
    network_s: Number = math.nan
    wall_s: Number = math.nan
    peak_bytes: Number = math.nan
    operator_calls: Number = 0.0
    seconds_per_candidate: Number = math.nan


class Parameters(_Record):
    """Numbers of parameters."""

    total: int
    embedding: int | None = None

    @property
    def other(self) -> int | None:
        """All but the embedding tables; None where those were not counted."""
        return None if self.embedding is None else self.total - self.embedding


class Training(_Record):
    """How the training of a trial went."""

    updates: int
    tokens: int | None = None
    seconds: Number = math.nan
    ended_by: str = ""
    final_loss: Number = math.nan
    valid_loss: Number = math.nan
    parameters: Parameters | None = None
    batch: int | None = None
    kept_update: int | None = None
    """After which the stored weights were reached; None where only the last were ever kept."""
    kept_by: str = "last"
    """Or what they were the best by: `loss`, or a metric."""
    kept_value: Number = math.nan
    kept_examples: int | None = None
    """Valid examples on which they were."""

    @property
    def chosen_update(self) -> int | None:
        """After which the weights were the best; None where they are the last."""
        return None if self.kept_by == "last" else self.kept_update

    @property
    def examples(self) -> int | None:
        """Examples seen, each as often as it was; None where the batch is not known."""
        return None if self.batch is None else self.updates * self.batch


class LikelihoodRecord(_Record):
    """The likelihoods of the test targets: what they are, and the figures of the run."""

    kind: LikelihoodKind
    samples: int | None = None
    """Draws per target; None where nothing is drawn."""
    weighting: Weighting | None = None
    steps: int | None = None
    """Of the chain that is bounded; None = all."""
    counted: Literal["words", "characters"] = "words"
    num_sources: int
    unreachable: int = 0
    """Targets that the system cannot write, which are in no figure."""
    statistics: dict[str, Interval]


class ValidPart(_Record):
    """The same setting on the valid split: where places on curves are chosen."""

    generate: str
    """Key of its candidates."""
    score: str
    num_sources: int
    cost: TrialCost
    measures: dict[str, dict[str, Number]]
    """By metric and statistic."""


class TrialRecord(_Record):
    """One (task, system, seed, setting): what was run and what came out."""

    task: str
    system: str
    family: str
    seed: int
    status: Literal["ok", "failed", "missing"]
    error: str | None = None
    setting: SettingRecord
    keys: Keys = Keys()
    score: Score | None = None
    likelihood: LikelihoodRecord | None = None
    """Of the main setting of systems that have likelihoods, where the suite asks for them."""
    cost: TrialCost | None = None
    valid: ValidPart | None = None
    """None where nothing was decoded for choices, or it failed."""
    statuses: dict[str, int] | None = None
    training: Training | None = None
    parameters: Parameters | None = None
    labels: int | None = None
    """Labelled train examples; None where answers do not depend on any."""
    labels_alone: bool = False
    """Whether it learnt from these and from no texts without a label."""
    outputs: dict[str, Any] | None = None
    """Of outputs that were entered by `benchmark.score`: format, rows, how sources were matched,
    and sentences on what was noticed in them (`notes`)."""


class TaskInfo(_Record):
    """A task as the run saw it."""

    title: str
    kind: str
    digest: str = ""
    counts: dict[str, int] = {}
    notes: dict[str, Any] = {}
    card: str = ""
    quality: str = ""
    """The metric that is the main quality where no answers are known; empty where none is named,
    as in older records: sentence BLEU, see `benchmark.report.data.axes`."""
    sources: str = ""
    """Key of the facts of its test sources; empty where none were kept."""


class SourceRecord(_Record):
    """The source of a user's system; see `benchmark.experiment.system_source`."""

    kind: str
    name: str
    version: str | None = None
    files: int
    digest: str
    made: tuple[str, ...] = ()
    """Digests of the sources that made what the report shows."""


class SystemInfo(_Record):
    """A system as the run saw it."""

    family: str
    title: str
    knob: str | None = None
    nfe_knob: str | None = None
    control: Literal["conditional", "guided"] = "conditional"
    """See `benchmark.api.Capabilities`."""
    trainable: bool = True
    from_scratch: bool | None = None
    """None in records that do not say: what is trainable was trained from scratch."""
    why_size: str = ""
    parameters: Parameters | None = None
    source: SourceRecord | None = None
    """Of a plug-in; None for others, and in records that do not say."""
    tuned_trials: int | None = None
    """Trials of the search of its recipe; None where the suite names no record of one."""
    path: str | None = None
    """`module:Class` of a system that was run by its path and is shown by its id."""


class Run(_Record):
    """What was run, on what, with which code."""

    run: str
    suite: str
    suite_description: str = ""
    suite_yaml: str = ""
    command: list[str] = []
    created: str = ""
    machine: dict[str, Any] = {}
    versions: dict[str, str] = {}
    code: dict[str, Any] = {}
    seeds: list[int] = []
    conditions: dict[str, Any] | None = None
    """Under which the stages of the trials were made, by the names that trial records use."""
    merged: list[dict[str, Any]] = []
    """The runs whose records these are, where they are of several."""
    tasks: dict[str, TaskInfo]
    systems: dict[str, SystemInfo]


class SampleCandidate(_Record):
    """One generated text."""

    text: str
    status: Status = "ok"
    logprob: float | None = None


class Sample(_Record):
    """A source with the candidates that a system gave."""

    id: str
    source: str
    references: list[str]
    candidates: list[SampleCandidate]


class ExampleValues(_Record):
    """Per-example values: `metrics` holds k numbers, one number, or k rows of statistics."""

    id: str
    mbr_index: int | None = None
    mbr_counts: dict[str, list[list[int]]] = {}
    """By utility, number of candidates and candidate: how many choices fell on it; see
    `benchmark.metrics.mbr.choice_counts`."""
    metrics: dict[str, Any]
    wanted: tuple[str, ...] = ()
    """Attributes that its control line asks for."""


class SourceFacts(_Record):
    """What sets a test source apart; see `benchmark.scoring.source_facts`."""

    id: str
    length: float
    overlap: float
    likeness: float


class LikelihoodValues(_Record):
    """The log-likelihood of one target in nats; NaN where the system cannot write it."""

    id: str
    nats: Number
    tokens: int
    """Of the system's tokeniser, the end included."""
    words: int
    """Of the reference, or characters, the end not included."""
    true_nats: Number = math.nan
    """The true log probability, where it is known."""


class TraceRecord(_Record):
    """The texts on the way to the candidates; see `benchmark.generation.intermediate_states`."""

    num_sources: int
    num_samples: int
    total: int
    """Steps of the longest generation."""
    steps: list[int]
    """Those after which the texts were kept, from 1."""
    curves: dict[str, dict[str, CurveRecord]]
    """By metric and statistic; an entry for each kept step."""


class Event(_Record):
    """A line of the training log."""

    update: int
    kind: str
    loss: Number = math.nan
    quality: dict[str, Number] = {}
    seconds: Number = math.nan


def base(name: str) -> str:
    """A metric without its options: `bleu_sent_m4` of `bleu_sent_m4:case=lower`."""
    return name.partition(":")[0]


def title_of(mapping: Mapping[str, SystemInfo | TaskInfo], name: str) -> str:
    """The title of a task or system, its id where it has none."""
    info = mapping.get(name)
    return (info.title if info else "") or name
