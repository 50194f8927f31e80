from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks import TASKS, card, controlled_splits
from benchmark.tasks.grammars import GRAMMARS

CARDS = Path(__file__).parents[3] / "benchmark" / "tasks" / "cards"
SAMPLE = re.compile(r"^- (?P<source>.+) \((?P<targets>\d+) targets\)$")
TARGET = re.compile(r"^  - (?P<probability>\d\.\d{3}) (?P<target>.+)$")


def test_every_task_has_a_card_and_every_card_a_task() -> None:
    assert {path.stem for path in CARDS.glob("*.md")} == set(TASKS)
    assert [entry.id for entry in TASKS.values() if entry.kind == "controlled"] == list(GRAMMARS)
    assert all(name == entry.id and entry.card == f"{name}.md" for name, entry in TASKS.items())


@pytest.mark.parametrize("task_id", TASKS)
def test_a_card_says_what_it_must(task_id: str) -> None:
    text = card(task_id)
    assert text.startswith("# ")
    for part in ("**What.**", "**Source, licence.**", "**Counts.**", "**Leakage.**"):
        assert part in text
    assert "**Do not compare**" in text
    assert len(text.split()) < 450


@pytest.mark.parametrize("task_id", TASKS)
def test_a_card_names_the_main_quality_of_its_task(task_id: str) -> None:
    quality = TASKS[task_id].quality
    assert bool(quality) == (TASKS[task_id].family != "control")
    named = re.findall(r"\*\*Main quality\.\*\* [^`]+\(`(\w+)`\)", card(task_id))
    assert named == ([quality] if quality else [])


def test_the_main_qualities_are_those_of_the_fields() -> None:
    families = {entry.family: entry.quality for entry in TASKS.values()}
    assert families == {
        "paraphrase": "ibleu",
        "question generation": "bleu_sent_m4",
        "simplification": "sari",
        "dialogue": "bleu_sent_m4",
        "control": "",
    }


@pytest.mark.parametrize("task_id", GRAMMARS)
def test_the_samples_of_a_card_are_those_of_the_grammar(task_id: str) -> None:
    masses: dict[str, float] = {}
    sources = targets = 0
    for line in card(task_id).splitlines():
        if match := SAMPLE.match(line):
            masses = controlled_splits.conditional(task_id, match["source"], 1.0)
            assert len(masses) == int(match["targets"])
            sources += 1
        elif match := TARGET.match(line):
            assert f"{masses[match['target']]:.3f}" == match["probability"]
            targets += 1
    assert sources == 3 and targets >= 6


@pytest.mark.parametrize("task_id", GRAMMARS)
def test_the_counts_of_a_card_are_those_of_the_grammar(task_id: str) -> None:
    grammar = controlled_splits.grammar(task_id)
    sources = sum(1 for _ in grammar.sources())
    assert f"{sources:,} sources and {len(grammar.vocabulary())} words" in card(task_id)


def test_a_task_of_ones_own_brings_its_card(tmp_path: Path) -> None:
    assert "has no card" in card("mine")
    assert "has no card" in card("mine", data_dir=tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "card.md").write_text("# Mine\n", encoding="utf-8")
    assert card("mine", data_dir=tmp_path) == "# Mine\n"
    (tmp_path / "mine" / "card.md").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot read the card"):
        card("mine", data_dir=tmp_path)


def test_the_catalogue_is_light() -> None:
    code = "import sys, benchmark.tasks; print([m for m in sys.modules if m in {'torch', 'numpy'}])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CARDS.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
