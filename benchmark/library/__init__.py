"""The benchmark from Python: load what was trained, generate, score, run; results as frames.

`from benchmark.library import load, run, score`; the page is `docs/library.md`. Importing it is
light: torch and pandas are imported by the first call that needs them.
"""

from benchmark.library.results import Results, read_results
from benchmark.library.runs import run
from benchmark.library.text_scores import score
from benchmark.library.trained_system import TrainedSystem, load

__all__ = ["Results", "TrainedSystem", "load", "read_results", "run", "score"]
