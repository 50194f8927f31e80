"""Speed, side by side in one process: what `python -m benchmark.speed` measures."""
