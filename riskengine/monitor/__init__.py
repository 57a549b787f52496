"""What the unit's own figures say: yields, calibration, drift, and what was missed."""

from riskengine.monitor.lines import limit_lines, lines
from riskengine.monitor.report import Report, report_of

__all__ = ["Report", "limit_lines", "lines", "report_of"]
