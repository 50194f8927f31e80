"""The figures of a report: frontier, cost, training, and the overview of all tasks."""

import os

# The kernel of a notebook names its own backend, which need not be installed here, and Matplotlib
# then cannot be imported. Figures are drawn into files, without any backend.
_backend = os.environ.pop("MPLBACKEND", None)

import matplotlib  # noqa: E402

if _backend is not None:
    try:
        matplotlib.rcParams["backend"] = _backend
        os.environ["MPLBACKEND"] = _backend
    except ValueError:
        pass
