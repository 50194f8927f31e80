"""What the masked systems can be told: their network and objective, and how to decode."""

from dataclasses import dataclass

from baselines.attention import Norm
from baselines.embedding import Positions
from baselines.masked.grid import GridName
from baselines.masked.policies import ADAPTIVE, POLICIES, RANKING, PolicyName
from benchmark.api import CandidateKind, UserError


@dataclass(frozen=True)
class MaskedConfig:
    """The network and its objective."""

    dim: int = 128
    heads: int = 4
    ffn: int = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.1
    norm: Norm = "pre"
    positions: Positions = "learned"
    time_embedding: bool = False
    """Whether the network is told t; the number of masks tells it as well."""
    timesteps: int = 1000
    """T, the steps of the chain that is trained; decoding may take any number."""
    cross_entropy_weight: float = 0.0
    """lambda of L_vb + lambda CE: the unweighted cross entropy beside the main term."""
    length_weight: float = 0.1
    """Of the length loss, where lengths are predicted."""
    corruptions: int = 1
    """Corrupted canvases of each target in a batch; they share the encoded source."""
    stratified_times: bool = True
    """Whether the times of a batch are spread evenly, which lowers the variance."""

    def __post_init__(self) -> None:
        for name in ("timesteps", "corruptions"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: use 1 or more.")


@dataclass(frozen=True)
class MaskedDecoding:
    """How to decode."""

    nfe: int | None = 16
    """Calls of the denoiser; may exceed the length of the canvas. None for policy "confidence",
    where the text decides: a token a call at least."""
    temperature: float = 1.0
    """Of the predicted x_0; 0 takes its most probable token."""
    top_p: float = 1.0
    """Nucleus of the predicted x_0, as a share of the mass."""
    policy: PolicyName = "ancestral"
    """What becomes of a prediction: `baselines.masked.policies`."""
    grid: GridName = "linear"
    """Times of the calls: even, or denser at the start ("cosine")."""
    length_beam: int = 1
    """Where lengths are predicted, at temperature 0: how many of the most probable lengths are
    decoded; the candidates are then ranked by their mean log probability."""
    remask: float = 0.1
    """Of policy "remdm": the largest probability that a found token is masked again in a step."""
    threshold: float = 0.9
    """Of policy "confidence": the probability from which a token is believed."""
    routing_noise: float = 0.0
    """Of policy "routed": scale of the Gumbel noise on the scores."""

    def __post_init__(self) -> None:
        if self.nfe is not None and self.nfe < 1:
            raise UserError(f"nfe {self.nfe}: use 1 or more calls of the denoiser.")
        if (self.nfe is None) != (self.policy in ADAPTIVE):
            raise UserError(
                f"nfe {self.nfe} does not fit policy {self.policy!r}: policy 'confidence' takes"
                " null, as the text decides, and the others a number of calls."
            )
        if not self.temperature >= 0:
            raise UserError(f"temperature {self.temperature} is negative: use 0 or more.")
        for name in ("top_p", "threshold"):
            if not 0 < getattr(self, name) <= 1:
                raise UserError(f"{name} {getattr(self, name)} is not in (0, 1]: use up to 1.")
        if not 0 <= self.remask <= 1:
            raise UserError(f"remask {self.remask} is no probability: use 0 to 1.")
        if not self.routing_noise >= 0:
            raise UserError(f"routing_noise {self.routing_noise} is negative: use 0 or more.")
        if self.policy not in POLICIES:
            raise UserError(f"policy {self.policy!r} is unknown: use {', '.join(POLICIES)}.")
        if self.grid not in ("linear", "cosine"):
            raise UserError(f"grid {self.grid!r} is unknown: use linear or cosine.")
        if self.length_beam < 1 or (self.length_beam > 1 and self.kind != "n-best"):
            raise UserError(
                f"length_beam {self.length_beam} needs temperature 0 and a policy that draws"
                " nothing else (mask-predict, confidence): draws take lengths at random."
            )

    @property
    def kind(self) -> CandidateKind:
        """Draws, unless temperature 0 meets a policy that leaves nothing else to chance."""
        if self.temperature == 0 and (self.policy in RANKING or self.nfe == 1):
            return "n-best" if self.length_beam > 1 else "single"
        return "samples"


@dataclass(frozen=True)
class D3PMConfig(MaskedConfig):
    """With the auxiliary loss of the paper."""

    cross_entropy_weight: float = 0.01


@dataclass(frozen=True)
class D3PMUniformConfig(D3PMConfig):
    """Tokens drawn anew do not tell how many they are: the network is told t."""

    time_embedding: bool = True


@dataclass(frozen=True)
class RDMConfig(MaskedConfig):
    """With the short chain of the paper."""

    timesteps: int = 50


@dataclass(frozen=True)
class RDMMultinomialConfig(RDMConfig):
    """Tokens drawn anew do not tell how many they are: the network is told t."""

    time_embedding: bool = True


@dataclass(frozen=True)
class UniformDecoding(MaskedDecoding):
    """Of a chain without masks: its start is drawn, so candidates are always samples."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.policy not in ("ancestral", "routed"):
            raise UserError(f"policy {self.policy!r} needs masks: use ancestral or routed.")

    @property
    def kind(self) -> CandidateKind:
        """Samples."""
        return "samples"


@dataclass(frozen=True)
class RDMMultinomialDecoding(UniformDecoding):
    """Routed, on a grid that starts with few tokens."""

    nfe: int | None = 10
    policy: PolicyName = "routed"
    grid: GridName = "cosine"


@dataclass(frozen=True)
class RDMDecoding(MaskedDecoding):
    """Routed, on a grid that starts with few tokens."""

    nfe: int | None = 10
    policy: PolicyName = "routed"
    grid: GridName = "cosine"


@dataclass(frozen=True)
class CMLMDecoding(MaskedDecoding):
    """Mask-predict in ten passes."""

    nfe: int | None = 10
    policy: PolicyName = "mask-predict"


@dataclass(frozen=True)
class NATDecoding(MaskedDecoding):
    """One pass."""

    nfe: int | None = 1
    policy: PolicyName = "mask-predict"
