"""Maritime container risk profiling: what to open today, and why."""

__version__ = "0.1.0"
