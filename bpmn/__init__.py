"""What runs: one folder of data per process."""
