"""Texts as points of a latent space: variational auto-encoders, and what steers them."""
