"""Whether a kept report is what its code makes: `python -m benchmark.verify reports/NAME`.

`rebuilding` gets suite, data and keys from the records, `rerun` makes the cells again in a store
of their own, `comparison` and `bounds` hold both records side by side, `judgement` gives the
verdict. `scores` and `quick` verify what needs no model.
"""
