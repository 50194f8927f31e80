"""Trials through their stages, side by side, and how long they will take."""
