"""From the store to the records that a report reads."""
