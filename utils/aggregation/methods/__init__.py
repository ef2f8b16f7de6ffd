"""Aggregators, one file each. The file's name is the value of `--aggregate_method`."""
