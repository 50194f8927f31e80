"""Whether a kept report is what its code makes: `python -m benchmark.verify reports/NAME`.

`plan_from_records` gets suite, data and keys from the records, `rerun` makes the records again in a
store of their own, `record_comparison` and `tolerances` hold both records side by side, `verdict`
says what follows. `score_check` and `quick_check` verify what needs no model.
"""
