"""Measurements: this fleet beside pyzeebe, the Java client and a bare loop, on a real engine. Not in the wheel."""
