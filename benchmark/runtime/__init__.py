"""What a run stands on: device, several processes, compilation, progress bars."""
