"""A fresh system from its recipe, its resources from the task, and its number of parameters."""

from __future__ import annotations

import torch

from benchmark.api import Lengths, Resources, System
from benchmark.api.noise import row_seed
from benchmark.experiment.canvas import resolve_canvas
from benchmark.experiment.recipes import TaskRecipe
from benchmark.experiment.task_tokenizer import task_tokenizer
from benchmark.experiment.trial import Trial
from benchmark.tasks import Task


def build_system(trial: Trial) -> System:
    """A fresh system with weights drawn from the trial's seed."""
    torch.manual_seed(row_seed(trial.seed, f"weights of {trial.system}", 0))
    known = resources(trial.task, trial.task_recipe, trial.system_class.family)
    return trial.system_class.build(trial.config, known)


def resources(task: Task, recipe: TaskRecipe, family: str = "") -> Resources:
    """What a system may know about a task: references of valid and test are for yardsticks only."""
    known = (*task.valid, *task.test) if family == "yardstick" else ()
    references = {example.id: example.references for example in known}
    return Resources(
        tokenizer=task_tokenizer(task, recipe.tokenizer),
        lengths=Lengths(**resolve_canvas(recipe, task).lengths.model_dump()),
        train=task.train,
        references=references,
        conditional=task.conditional if family == "yardstick" else None,
        draw=task.draw if family == "yardstick" else None,
        informed_draw=task.informed_draw if family == "yardstick" else None,
        attributes=task.attributes,
    )


def vocab_size(trial: Trial) -> int:
    """Entries of the vocabulary of a trial's task."""
    return resources(trial.task, trial.task_recipe).tokenizer.vocab_size


def count_parameters(system: System, vocab_size: int) -> dict[str, int]:
    """Number of parameters in total, and in embedding tables: tokens (in and out) and positions."""
    module = system.module
    if module is None:
        return {"total": 0, "embedding": 0}
    embedding = {
        id(parameter): parameter.numel()
        for part in module.modules()
        for name, parameter in part.named_parameters(recurse=False)
        if isinstance(part, torch.nn.Embedding)
        or name == "positions"
        or parameter.shape[:1] == (vocab_size,)
    }
    total = sum(parameter.numel() for parameter in module.parameters())
    return {"total": total, "embedding": sum(embedding.values())}
