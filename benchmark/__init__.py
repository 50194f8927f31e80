"""The harness: tasks, systems by id, one training loop, evaluation and reports."""
