"""Search for recipes on the valid split, with the same number of trials for every system."""
