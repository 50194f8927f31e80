"""Records and artefacts on disk: entries, files, and where they come from."""
