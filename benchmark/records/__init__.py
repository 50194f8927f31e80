"""The records of a run: their schema and their reader."""
