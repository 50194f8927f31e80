"""Tasks: controlled grammars with known answers, and real data in JSON lines."""

from benchmark.tasks.catalogue import TASKS, TaskEntry, card
from benchmark.tasks.data_notes import DataNotes, Overlap
from benchmark.tasks.json_lines import DISTILLED, list_tasks, read_origin
from benchmark.tasks.loading import load_task
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task import Task

__all__ = [
    "DISTILLED",
    "SPLITS",
    "TASKS",
    "DataNotes",
    "Overlap",
    "Split",
    "Task",
    "TaskEntry",
    "card",
    "list_tasks",
    "load_task",
    "read_origin",
]
