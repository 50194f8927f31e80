"""Tasks: controlled grammars with known answers, and real data in files."""

from benchmark.tasks.catalogue import TASKS, TaskEntry, card
from benchmark.tasks.data_notes import DataNotes, Overlap
from benchmark.tasks.json_lines import DISTILLED, read_origin
from benchmark.tasks.loading import load_task
from benchmark.tasks.pair_columns import Columns
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task import Task
from benchmark.tasks.task_folder import list_tasks

__all__ = [
    "DISTILLED",
    "SPLITS",
    "TASKS",
    "Columns",
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
