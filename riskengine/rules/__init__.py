"""Declarative rules: a small language in YAML files, run by DuckDB and explained leaf by leaf."""
