#!/bin/sh
# Measure the program and print one table, which is also appended to logs/benchmark.txt.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    -h|--help)
        cat <<'TEXT'
Usage: sh scripts/benchmark.sh [-h] [NAME ...]

Without a name: all except "sweep", about 15 minutes on two idle cores. Exit status 1: a target was missed.
Names: help, first_call, chains, shortcuts, capacity, rate, overhead, replay, memory, growth, merging, throughput (the
embedded model), sweep (its slots and threads).
TEXT
        exit 0 ;;
esac
sh scripts/setup.sh
exec .venv/bin/python tests/benchmarks/benchmark.py "$@"
