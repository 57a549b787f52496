"""What the unit's own figures say: yields, calibration, drift, and what was missed."""
