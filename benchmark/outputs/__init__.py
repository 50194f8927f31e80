"""Outputs of systems that were run elsewhere: read, match to a task, store, add to reports.

    files -> rows (formats) -> outputs (matching) -> the store (registry) -> a report (joining)

Nothing here imports torch, except the sampling of the oracle.
"""
