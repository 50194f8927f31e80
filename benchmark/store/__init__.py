"""Records and artefacts on disk: entries, files and their provenance."""
