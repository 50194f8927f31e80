"""Tables as objects, and their Markdown, CSV and LaTeX."""
