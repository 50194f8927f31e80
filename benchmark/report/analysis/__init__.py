"""Who is better than whom, and how sure that is."""
