"""The page: everything about a run in one HTML file."""
