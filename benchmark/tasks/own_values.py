"""Which of its own values the control line of a train sentence names."""

from __future__ import annotations

import random
from collections.abc import Mapping


def some_of(values: Mapping[str, str], generator: random.Random) -> dict[str, str]:
    """One to all of `values`, in their order, so that lines of every length are learnt."""
    count = int(generator.random() * len(values)) + 1
    named = sorted(values, key=lambda _: generator.random())[:count]
    return {name: value for name, value in values.items() if name in named}
