"""fairseq's own models, criteria and generators behind the generation interface.

`import fairseq` means the installed package, here as everywhere. It is imported quietly, and
before any module of this package, so that none of them has to handle this.
"""

import warnings

from baselines.fairseq.suppressed_output import suppress_output

with suppress_output():
    import fairseq.models
    import fairseq.tasks  # noqa: F401

# fairseq masks later positions by numbers and padding by truth values, which torch warns of.
warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
