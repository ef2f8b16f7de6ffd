"""Ways to aggregate, one file each; a file's name is the name for `--aggregate_method`."""
