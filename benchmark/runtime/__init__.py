"""The environment of a run: device, processes, compilation, progress bars."""
