"""The masked systems: a table of their components.

A system is a corruption, a way to corrupt in training, a weight, a rule for lengths, and a
default policy. Every checkpoint can be decoded by every policy that its corruption allows:
`python -m benchmark.run --ablate policies`.
"""

from dataclasses import replace
from typing import ClassVar

from baselines.masked.settings import (
    CMLMDecoding,
    D3PMConfig,
    D3PMUniformConfig,
    NATDecoding,
    RDMConfig,
    RDMDecoding,
    RDMMultinomialConfig,
    RDMMultinomialDecoding,
    UniformDecoding,
)
from baselines.masked.system import MaskedSystem, Recipe
from benchmark.api import Capabilities, Family

_PREDICTED = replace(MaskedSystem.capabilities, length="predicted", likelihood="pseudo")
_UNIFORM = replace(
    MaskedSystem.capabilities,
    ablations={
        "policies": (
            {"policy": "ancestral", "grid": "linear"},
            {"policy": "routed", "grid": "cosine"},
        )
    },
)
"""A chain without masks allows two of the policies."""


class NAT(MaskedSystem):
    """All tokens at once, from the source and a predicted length.

    Source: Gu et al., arXiv 1711.02281, section 3. Deviates: masks in place of copied
    source words, a length in place of fertilities, no distillation; this is the `nat` of fairseq.
    """

    id: ClassVar[str] = "nat"
    version: ClassVar[int] = 1
    family: ClassVar[Family] = "iterative"
    # Tokens are drawn at once, independently.
    capabilities: ClassVar[Capabilities] = replace(_PREDICTED, likelihood="exact")
    Decoding: ClassVar[type] = NATDecoding
    recipe: ClassVar[Recipe] = Recipe(noising="all", weight="masked_nll", length="predicted")


class CMLM(MaskedSystem):
    """Conditional masked language model, decoded by mask-predict (arXiv 1904.09324)."""

    id: ClassVar[str] = "cmlm"
    family: ClassVar[Family] = "iterative"
    capabilities: ClassVar[Capabilities] = _PREDICTED
    Decoding: ClassVar[type] = CMLMDecoding
    recipe: ClassVar[Recipe] = Recipe(noising="count", weight="masked_nll", length="predicted")


class D3PMAbsorbing(MaskedSystem):
    """D3PM with absorbing masks, L_vb + lambda CE, ancestral sampling (arXiv 2107.03006)."""

    id: ClassVar[str] = "d3pm-absorbing"
    version: ClassVar[int] = 3
    Config: ClassVar[type] = D3PMConfig
    recipe: ClassVar[Recipe] = Recipe(noising="lattice", weight="bound")


class D3PMUniform(MaskedSystem):
    """D3PM whose tokens turn into any other, L_vb + lambda CE (arXiv 2107.03006)."""

    id: ClassVar[str] = "d3pm-uniform"
    capabilities: ClassVar[Capabilities] = _UNIFORM
    Config: ClassVar[type] = D3PMUniformConfig
    Decoding: ClassVar[type] = UniformDecoding
    recipe: ClassVar[Recipe] = Recipe(
        corruption="uniform", noising="lattice", weight="bound", own_token=True
    )


class MDLM(MaskedSystem):
    """Masked diffusion in continuous time, cross entropy over t (arXiv 2406.07524)."""

    id: ClassVar[str] = "mdlm"
    recipe: ClassVar[Recipe] = Recipe(noising="continuous", weight="continuous_bound")


class RDMAbsorbing(MaskedSystem):
    """Reparameterised discrete diffusion with masks, routed decoding (arXiv 2302.05737).

    Deviates: the text ends at an eos of its own; the code predicts a length.
    """

    id: ClassVar[str] = "rdm-absorbing"
    Config: ClassVar[type] = RDMConfig
    Decoding: ClassVar[type] = RDMDecoding
    recipe: ClassVar[Recipe] = Recipe(noising="lattice", weight="weighted_nll")


class RDMMultinomial(MaskedSystem):
    """Reparameterised discrete diffusion by uniform noise, routed decoding (arXiv 2302.05737).

    Deviates: the text ends at an eos of its own; the noise is uniform over all ids.
    """

    id: ClassVar[str] = "rdm-multinomial"
    capabilities: ClassVar[Capabilities] = _UNIFORM
    Config: ClassVar[type] = RDMMultinomialConfig
    Decoding: ClassVar[type] = RDMMultinomialDecoding
    recipe: ClassVar[Recipe] = Recipe(
        corruption="uniform", noising="lattice", weight="weighted_nll"
    )
