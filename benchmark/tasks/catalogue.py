"""The tasks known by name, and their cards. Imports little, since `ls` uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmark.api import UserError
from benchmark.tasks.task import Kind

_CARDS = Path(__file__).parent / "cards"

QUALITIES: Mapping[str, str] = MappingProxyType(
    {
        "paraphrase": "ibleu",
        "question generation": "bleu_sent_m4",
        "simplification": "sari",
        "dialogue": "bleu_sent_m4",
    }
)
"""The main quality of a kind of problem, as a metric, by the practice of its field.

- Paraphrase: iBLEU (Sun and Zhou, ACL 2012), which takes off what is copied. BLEU alone puts a copy
  above every system.
- Question generation: BLEU, as all its tables have it since Du et al. (arXiv 1705.00106).
- Simplification: SARI (Xu et al., TACL 2016). BLEU falls as texts get simpler: Sulem et al. (arXiv
  1810.05995).
- Dialogue: BLEU against the replies of people, since this is what the tables of the field have. It
  agrees little with people (Liu et al., arXiv 1603.08023), better with several references (Gupta et
  al., arXiv 1907.10568); no measure without references is agreed upon (Yeh et al., arXiv
  2106.03706). So read it beside diversity, and ask people.
- Control: whether the attributes are there, which is known; there is no other.

Where a grammar knows the answers, validity is the main quality, and this one stands beside it.
"""


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """What is known about a task before its data are read.

    `family` is the kind of problem: paraphrase, question generation, simplification, dialogue,
    control.
    `card` is the file name of the card in `benchmark/tasks/cards`.
    """

    id: str
    kind: Kind
    title: str
    family: str

    @property
    def quality(self) -> str:
        """The main quality, see `QUALITIES`; empty where what counts is known."""
        return QUALITIES.get(self.family, "")

    @property
    def card(self) -> str:
        """File name of the card."""
        return f"{self.id}.md"


_ROWS: tuple[tuple[str, Kind, str, str], ...] = (
    ("paraphrase", "controlled", "Paraphrase (grammar)", "paraphrase"),
    ("question-generation", "controlled", "Question generation (grammar)", "question generation"),
    ("simplification", "controlled", "Simplification (grammar)", "simplification"),
    ("dialogue", "controlled", "Dialogue (grammar)", "dialogue"),
    ("control", "control", "Control of attributes (grammar)", "control"),
    ("control-edit", "control", "Editing of attributes (grammar)", "control"),
    ("control-correlated", "control", "Control against correlation (grammar)", "control"),
    ("qqp", "jsonl", "QQP paraphrase", "paraphrase"),
    ("qg", "jsonl", "Quasar-T question generation", "question generation"),
    ("wiki_auto", "jsonl", "Wiki-Auto simplification", "simplification"),
    ("ccd", "jsonl", "Commonsense Conversation dialogue", "dialogue"),
    ("qg_squad", "jsonl", "SQuAD question generation", "question generation"),
    ("ew_sew", "jsonl", "English to Simple English Wikipedia", "simplification"),
    ("asset", "jsonl", "ASSET simplification", "simplification"),
    ("asset-turkcorpus", "jsonl", "ASSET, tested on TurkCorpus", "simplification"),
    ("dailydialog", "jsonl", "DailyDialog", "dialogue"),
    ("dailydialog-multiref", "jsonl", "DailyDialog, 5 references", "dialogue"),
    ("chitchat", "jsonl", "BYU Chit-Chat", "dialogue"),
    ("yelp", "jsonl", "Yelp, sentences with a sentiment", "control"),
    ("yelp-edit", "jsonl", "Yelp, the other sentiment", "control"),
    ("shopping_zh", "jsonl", "Chinese shop reviews, sentiment and category", "control"),
    ("shopping_zh-edit", "jsonl", "Chinese shop reviews, the other sentiment", "control"),
    ("e2e", "jsonl", "E2E restaurants from slots", "control"),
    ("e2e-targets", "jsonl", "E2E restaurants from one slot", "control"),
)

TASKS: Mapping[str, TaskEntry] = MappingProxyType({row[0]: TaskEntry(*row) for row in _ROWS})
"""Tasks by id, controlled ones first."""


def card(task_id: str, *, data_dir: Path | None = None) -> str:
    """The card of a task as Markdown.

    A task outside `TASKS` can provide its own, `card.md` in its folder; without one the card states
    that nothing is known.

    Raises:
        UserError: if a card file cannot be read.
    """
    path = _CARDS / f"{task_id}.md"
    if task_id not in TASKS:
        own = data_dir / task_id / "card.md" if data_dir else None
        if own is None or not own.is_file():
            return (
                f"# {task_id}\n\nThis task has no card: source, licence and leakage are not "
                f"known here. To provide them, write `{task_id}/card.md` beside its data.\n"
            )
        path = own
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the card {path}: {error}") from error
