"""Settings of the masked systems: network, objective and decoding."""

from dataclasses import dataclass

from baselines.encoder_decoder import EncoderDecoderConfig
from baselines.masked.grid import GridName
from baselines.masked.policies import ADAPTIVE, RANKING, PolicyName
from benchmark.api import (
    CandidateKind,
    Count,
    NotNegative,
    PositiveShare,
    Settings,
    Share,
    UserError,
)


@dataclass(frozen=True)
class MaskedConfig(EncoderDecoderConfig):
    """The network and its objective."""

    time_embedding: bool = False
    """Whether the network receives t; the number of masks reveals it as well."""
    timesteps: Count = 1000
    """T, the steps of the trained chain; decoding may use any number."""
    cross_entropy_weight: NotNegative = 0.0
    """lambda of L_vb + lambda CE: the unweighted cross entropy beside the main term."""
    label_smoothing: Share = 0.0
    """Share of the mass that cross entropies spread over the vocabulary; D3PM's bound has none."""
    length_weight: NotNegative = 0.1
    """Weight of the length loss, if lengths are predicted."""
    corruptions: Count = 1
    """Corrupted canvases of each target in a batch; they share the encoded source."""
    stratified_times: bool = True
    """Whether the times of a batch are stratified, which lowers the variance."""


@dataclass(frozen=True)
class MaskedDecoding(Settings):
    """How to decode."""

    nfe: Count | None = 16
    """Calls of the denoiser; may exceed the length of the canvas. None for policy "confidence",
    where it depends on the text: at least one token per call."""
    temperature: NotNegative = 1.0
    """Of the predicted x_0; 0 takes its most probable token."""
    top_p: PositiveShare = 1.0
    """Nucleus of the predicted x_0, as a share of the mass."""
    policy: PolicyName = "ancestral"
    """How a prediction changes the state: `baselines.masked.policies`."""
    grid: GridName = "linear"
    """Times of the calls: even, or denser at the start ("cosine")."""
    length_beam: Count = 1
    """If lengths are predicted, at temperature 0: number of most probable lengths to decode; the
    candidates are then ranked by their mean log probability."""
    remask: Share = 0.1
    """Of policy "remdm": the largest probability that a known token is masked again in a step."""
    threshold: PositiveShare = 0.9
    """Of policy "confidence": the probability from which a token is accepted."""
    routing_noise: NotNegative = 0.0
    """Of policy "routed": scale of the Gumbel noise on the scores."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.nfe is None) != (self.policy in ADAPTIVE):
            raise UserError(
                f"nfe {self.nfe} does not fit policy {self.policy!r}: policy 'confidence' takes"
                " null, since the number depends on the text, and the others a number of calls."
            )
        if self.length_beam > 1 and self.kind != "n-best":
            raise UserError(
                f"length_beam {self.length_beam} needs temperature 0 and a policy without"
                " other draws (mask-predict, confidence): samples draw their lengths."
            )

    @property
    def kind(self) -> CandidateKind:
        """Samples, unless at temperature 0 the policy has no other randomness."""
        if self.temperature == 0 and (self.policy in RANKING or self.nfe == 1):
            return "n-best" if self.length_beam > 1 else "single"
        return "samples"


@dataclass(frozen=True)
class D3PMConfig(MaskedConfig):
    """With the auxiliary loss of the paper."""

    cross_entropy_weight: NotNegative = 0.01


@dataclass(frozen=True)
class D3PMUniformConfig(D3PMConfig):
    """Redrawn tokens do not reveal their number, so the network receives t."""

    time_embedding: bool = True


@dataclass(frozen=True)
class RDMConfig(MaskedConfig):
    """With the short chain of the paper."""

    timesteps: Count = 50


@dataclass(frozen=True)
class RDMMultinomialConfig(RDMConfig):
    """Redrawn tokens do not reveal their number, so the network receives t."""

    time_embedding: bool = True


@dataclass(frozen=True)
class UniformDecoding(MaskedDecoding):
    """For a chain without masks: its start is drawn, so candidates are always samples."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.policy not in ("ancestral", "routed"):
            raise UserError(f"policy {self.policy!r} needs masks: use ancestral or routed.")

    @property
    def kind(self) -> CandidateKind:
        """Samples."""
        return "samples"


@dataclass(frozen=True)
class RDMDecoding(MaskedDecoding):
    """Routed, on a grid that starts with few tokens."""

    nfe: Count | None = 10
    policy: PolicyName = "routed"
    grid: GridName = "cosine"


@dataclass(frozen=True)
class RDMMultinomialDecoding(RDMDecoding, UniformDecoding):
    """Routed, on a grid that starts with few tokens; candidates are always samples."""


@dataclass(frozen=True)
class CMLMDecoding(MaskedDecoding):
    """Mask-predict in ten passes."""

    nfe: Count | None = 10
    policy: PolicyName = "mask-predict"


@dataclass(frozen=True)
class NATDecoding(MaskedDecoding):
    """One pass."""

    nfe: Count | None = 1
    policy: PolicyName = "mask-predict"
