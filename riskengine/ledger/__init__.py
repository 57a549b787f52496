"""The analytical store: the DuckDB file, the run folders of Parquet, and the received bytes."""
