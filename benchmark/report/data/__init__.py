"""What a report shows, from its records: points, columns, axes, samples."""
