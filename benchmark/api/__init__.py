"""All that systems import from the benchmark: `from benchmark import api`.

`diffuseq`, `baselines` and third-party systems import this package and nothing else of `benchmark`.
It imports no torch, since commands that must start quickly import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.api.checkpoint import (
    UnnamedCheckpointWarning,
    check_identity,
    load_weights,
    read_attributes,
    read_folder,
    save_folder,
    save_operators,
    write_identity,
)
from benchmark.api.control import (
    Control,
    Judge,
    Judgement,
    index_labels,
    module_name,
    read_control,
    read_controls,
)
from benchmark.api.ranges import (
    AnyNumber,
    Count,
    NotNegative,
    Positive,
    PositiveShare,
    ProperShare,
    Range,
    Settings,
    Share,
    Whole,
)
from benchmark.api.regular_file import check_regular
from benchmark.api.script import Script, detect_script
from benchmark.api.system import NeuralSystem, Scorable, Steerable, System, Traceable
from benchmark.api.types import (
    DRAWN_KINDS,
    Batch,
    Candidate,
    CandidateKind,
    Candidates,
    Capabilities,
    Cost,
    DecodingProtocol,
    EditDecoding,
    Example,
    Family,
    Generation,
    Lengths,
    LikelihoodKind,
    LogLikelihood,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    Status,
    Tokenizer,
    UserError,
    Weighting,
)

if TYPE_CHECKING:
    from torch import device

__all__ = [
    "DRAWN_KINDS",
    "AnyNumber",
    "Batch",
    "Candidate",
    "CandidateKind",
    "Candidates",
    "Capabilities",
    "Control",
    "Cost",
    "Count",
    "DecodingProtocol",
    "EditDecoding",
    "Example",
    "Family",
    "Generation",
    "Judge",
    "Judgement",
    "Lengths",
    "LikelihoodKind",
    "LogLikelihood",
    "LossTerms",
    "NeuralSystem",
    "Noise",
    "NotNegative",
    "OnStep",
    "Positive",
    "PositiveShare",
    "ProperShare",
    "Range",
    "Resources",
    "Scorable",
    "Script",
    "Settings",
    "Share",
    "Status",
    "Steerable",
    "System",
    "Tokenizer",
    "Traceable",
    "UnnamedCheckpointWarning",
    "UserError",
    "Weighting",
    "Whole",
    "check_identity",
    "check_regular",
    "detect_script",
    "index_labels",
    "load_tokenizer",
    "load_weights",
    "make_noise",
    "module_name",
    "read_attributes",
    "read_control",
    "read_controls",
    "read_folder",
    "save_folder",
    "save_operators",
    "seed_torch",
    "write_identity",
]


def make_noise(
    seed: int, ids: Sequence[str], num_samples: int = 1, device: str | device = "cpu"
) -> Noise:
    """The noise of `len(ids) * num_samples` rows, source-major.

    Args:
        seed: of the run.
        ids: ids of the sources; equal ids have equal noise.
        num_samples: candidates per source.
        device: of the returned numbers.
    """
    from benchmark.api.noise import CounterNoise

    return CounterNoise.keyed(seed, ids, num_samples, device)


def seed_torch(seed: int, device: str | device = "cpu") -> None:
    """Seed torch's own generators, of the processor and of `device`, from which dropout draws."""
    from benchmark.api import noise

    noise.seed_torch(seed, device)


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokeniser that `Tokenizer.save` wrote."""
    from benchmark.api.tokenizers import SubwordTokenizer

    return SubwordTokenizer.load(path)
