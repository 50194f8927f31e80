"""Generators that write from left to right."""
