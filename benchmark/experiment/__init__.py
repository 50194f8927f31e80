"""From a suite to trials: recipes, overrides, selection, settings, plan, registry."""
