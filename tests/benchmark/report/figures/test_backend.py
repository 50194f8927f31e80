from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("backend", ["module://not_installed_here.backend", "nonsense", "svg"])
def test_any_backend_of_a_notebook_is_survived(backend):
    code = "import benchmark.report.figures.figure_files, matplotlib; print(matplotlib.rcParams)"
    made = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MPLBACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert ("backend: svg" in made.stdout) == (backend == "svg")
