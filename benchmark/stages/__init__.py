"""The stages of a cell, the same function for every system."""
