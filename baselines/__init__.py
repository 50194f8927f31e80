"""Systems to compare with: yardsticks, autoregressive, masked and edit-based generators."""
