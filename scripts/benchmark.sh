#!/bin/sh
# Measures the program and prints one table, which is added to logs/benchmark.txt too.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    -h|--help)
        cat <<'TEXT'
Usage: sh scripts/benchmark.sh [-h] [NAME ...]

Without a name: everything but "sweep", some minutes on two cores that have nothing else to do. Exit status 1 says that
a target was missed. Names: help, first_call, chains, shortcuts, capacity, rate, overhead, replay, memory, growth,
merging, throughput (the embedded model), sweep (its slots and threads).
TEXT
        exit 0 ;;
esac
sh scripts/setup.sh
exec .venv/bin/python tests/benchmarks/benchmark.py "$@"
