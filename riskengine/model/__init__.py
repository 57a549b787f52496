"""The learned half: bundles, their cards, and the exact contribution of every feature."""
