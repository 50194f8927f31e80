"""Scores of candidates: values, intervals by the bootstrap, curves of minimum Bayes risk."""
