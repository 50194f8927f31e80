"""Run trials through their stages, in parallel, and estimate the time they take."""
