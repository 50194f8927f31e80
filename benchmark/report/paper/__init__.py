"""The figures of the DiffuSeq papers by name, redrawn from the records of a run."""
