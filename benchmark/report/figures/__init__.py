"""The figures of a report: frontier, cost, training, and the overview of all tasks."""
