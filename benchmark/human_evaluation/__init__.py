"""Human evaluation: blinded sheets for raters, and what their answers say.

    records -> texts -> design -> sheet and key -> raters -> answers -> outcome with agreement

Nothing here imports torch.
"""
