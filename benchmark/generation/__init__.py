"""Decoding as the harness does it: measured cost, candidates file, intermediate states."""
