"""Generators that fill a canvas in several passes: one denoiser, many ways to train and decode."""
