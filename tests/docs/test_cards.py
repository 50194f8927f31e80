"""Every built-in system has a card that says what it is and where it deviates."""

import re
from pathlib import Path

import pytest

from benchmark.experiment.registry import system_entries

CARDS = Path(__file__).resolve().parents[2] / "docs" / "systems"


def cards() -> dict[str, Path]:
    """System id to its card, as the index says."""
    found = {}
    for line in (CARDS / "README.md").read_text(encoding="utf-8").splitlines():
        ids, link = re.findall(r"`([\w-]+)`", line), re.search(r"\]\((\S+\.md)\)", line)
        found |= {system: CARDS / link[1] for system in ids if link}
    return found


@pytest.mark.parametrize(
    "system", [e.id for e in system_entries().values() if e.family != "plug-in"]
)
def test_every_system_has_a_card(system):
    card = cards()[system].read_text(encoding="utf-8")
    assert f"`{system}`" in card
    assert "arXiv" in card or "not models" in card
