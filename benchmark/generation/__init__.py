"""Decoding by the harness: measured cost, candidates file, intermediate states."""
