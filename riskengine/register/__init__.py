"""What people do: outcomes, the stratum's secret and the audit chain, in one SQLite file."""
