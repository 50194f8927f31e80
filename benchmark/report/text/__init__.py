"""What the records say in sentences."""
