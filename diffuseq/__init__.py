"""The reference DiffuSeq: continuous diffusion over word embeddings (arXiv 2210.08933)."""
