"""Outputs of systems that were not run here: read, matched with a task, kept, put into reports.

    files -> rows (formats) -> outputs (matching) -> the store (registry) -> a report (joining)

Nothing here imports torch; only the draws of the oracle do.
"""
