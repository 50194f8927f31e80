"""From an id to a system; a system is imported only when it is used.

Third-party systems are found by the entry point group `diffuseq_bench.systems` (name = id, value =
`module:Class`), or, in the working directory, by their dotted path: `--system my_file:MySystem`.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import cast

from benchmark.api import System, UserError
from benchmark.api.did_you_mean import suggestion

ENTRY_POINT_GROUP = "diffuseq_bench.systems"


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """What is known about a system without importing it."""

    id: str
    target: str
    family: str
    summary: str
    requires: tuple[str, ...] = ()
    """Modules that must be importable."""
    install: str = ""
    """The command that installs them."""

    @property
    def available(self) -> bool:
        """Whether everything in `requires` is installed."""
        return all(importlib.util.find_spec(module) is not None for module in self.requires)


# A checkout and an installed wheel both hold the file.
_FAIRSEQ_REQUIREMENTS = Path(__file__).parents[2] / "baselines" / "fairseq" / "requirements.txt"
_FAIRSEQ = (
    "python -m pip install 'diffuseq-bench[fairseq]' && python -m pip install"
    f" --no-deps --require-hashes -r {shlex.quote(str(_FAIRSEQ_REQUIREMENTS))}"
)

_BUILT_IN = (
    SystemEntry(
        "diffuseq",
        "diffuseq.system:DiffuSeq",
        "continuous diffusion",
        "partial noising of word embeddings, x0 prediction (arXiv 2210.08933)",
    ),
    SystemEntry(
        "diffuseq-v2",
        "diffuseq.system_v2:DiffuSeqV2",
        "continuous diffusion",
        "learned absorbing state, discrete noise, DPM-Solver++ (arXiv 2310.05793)",
    ),
    SystemEntry(
        "transformer",
        "baselines.autoregressive.transformer:TransformerSystem",
        "autoregressive",
        "encoder-decoder, cached decoding (arXiv 1706.03762)",
    ),
    SystemEntry(
        "gpt2",
        "baselines.autoregressive.gpt2:GPT2System",
        "autoregressive",
        "causal language model: GPT-2 from scratch, or a published one to fine-tune",
    ),
    SystemEntry(
        "nat",
        "baselines.masked.systems:NAT",
        "iterative",
        "everything in one pass, predicted length (arXiv 1711.02281)",
    ),
    SystemEntry(
        "cmlm",
        "baselines.masked.systems:CMLM",
        "iterative",
        "mask-predict, predicted length (arXiv 1904.09324)",
    ),
    SystemEntry(
        "d3pm-absorbing",
        "baselines.masked.systems:D3PMAbsorbing",
        "discrete diffusion",
        "absorbing chain, exact variational bound plus lambda CE (arXiv 2107.03006)",
    ),
    SystemEntry(
        "levenshtein",
        "baselines.edit.system:LevenshteinSystem",
        "edit",
        "deletes, inserts placeholders and fills them, dual policy learning (arXiv 1905.11006)",
    ),
    SystemEntry(
        "d3pm-uniform",
        "baselines.masked.systems:D3PMUniform",
        "discrete diffusion",
        "uniform chain, exact variational bound plus lambda CE (arXiv 2107.03006)",
    ),
    SystemEntry(
        "mdlm",
        "baselines.masked.systems:MDLM",
        "discrete diffusion",
        "absorbing chain in continuous time, CE / t (arXiv 2406.07524)",
    ),
    SystemEntry(
        "rdm-absorbing",
        "baselines.masked.systems:RDMAbsorbing",
        "discrete diffusion",
        "weighted CE, routed decoding of masks (arXiv 2302.05737)",
    ),
    SystemEntry(
        "rdm-multinomial",
        "baselines.masked.systems:RDMMultinomial",
        "discrete diffusion",
        "weighted CE, routed decoding of uniform noise (arXiv 2302.05737)",
    ),
    SystemEntry(
        "fairseq-transformer",
        "baselines.fairseq.transformer:FairseqTransformer",
        "autoregressive",
        "fairseq's encoder-decoder and its generators (arXiv 1706.03762)",
        requires=("fairseq",),
        install=_FAIRSEQ,
    ),
    SystemEntry(
        "fairseq-nat",
        "baselines.fairseq.non_autoregressive:FairseqNAT",
        "iterative",
        "fairseq's non-autoregressive Transformer (arXiv 1711.02281)",
        requires=("fairseq",),
        install=_FAIRSEQ,
    ),
    SystemEntry(
        "fairseq-cmlm",
        "baselines.fairseq.non_autoregressive:FairseqCMLM",
        "iterative",
        "fairseq's mask-predict (arXiv 1904.09324)",
        requires=("fairseq",),
        install=_FAIRSEQ,
    ),
    SystemEntry(
        "fairseq-levenshtein",
        "baselines.fairseq.non_autoregressive:FairseqLevenshtein",
        "edit",
        "fairseq's Levenshtein Transformer (arXiv 1905.11006)",
        requires=("fairseq",),
        install=_FAIRSEQ,
    ),
    SystemEntry(
        "copy-source", "baselines.yardsticks:CopySource", "yardstick", "the source, unchanged"
    ),
    SystemEntry(
        "nearest-neighbour",
        "baselines.yardsticks:NearestNeighbour",
        "yardstick",
        "target of the nearest source of the train split",
    ),
    SystemEntry(
        "reference", "baselines.yardsticks:Reference", "yardstick", "the references themselves"
    ),
    SystemEntry(
        "oracle",
        "baselines.yardsticks:Oracle",
        "yardstick",
        "the grammar of a controlled task: the ceiling",
    ),
)


def system_entries() -> dict[str, SystemEntry]:
    """All known systems by id: ours first, then those of installed packages."""
    entries = {entry.id: entry for entry in _BUILT_IN}
    for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
        summary = f"from the package {point.dist.name}" if point.dist else "an installed plug-in"
        entries.setdefault(point.name, SystemEntry(point.name, point.value, "plug-in", summary))
    return entries


def load_system(name: str) -> type[System]:
    """The class behind an id or a dotted path `module:Class`.

    Raises:
        UserError: if the name is unknown, what it requires is not installed, or the module cannot
            be imported.
    """
    entries = system_entries()
    if name in entries:
        entry = entries[name]
        if not entry.available:
            raise UserError(f"System {name!r} needs {', '.join(entry.requires)}: {entry.install}.")
        return _import_class(name, entry.target)
    if ":" in name:
        return _import_class(name, name)
    raise UserError(f"There is no system {name!r}: {suggestion(name, entries)}")


def _import_class(name: str, target: str) -> type[System]:
    module_name, _, class_name = target.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        raise UserError(f"System {name!r}: there is no module {module_name!r} to import.") from (
            error
        )
    except AttributeError as error:
        raise UserError(f"System {name!r}: {module_name} has no class {class_name!r}.") from error
    return cast("type[System]", found)
