"""Whether a kept report is what its code produces: `python -m benchmark.verify reports/NAME`.

`plan_from_records` gets suite, data and keys from the records, `rerun` runs the trials again in a
store of their own, `record_comparison` and `tolerances` compare both records, `verdict` concludes.
`score_check` and `quick_check` verify what needs no model.
"""
