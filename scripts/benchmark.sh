#!/bin/sh
# Measure the speed of the program, print one table, and append it to logs/benchmark.txt.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    -h|--help)
        cat <<'TEXT'
Usage: sh scripts/benchmark.sh [-h] [NAME ...]

Default: all benchmarks except "sweep", about 15 minutes on two idle cores. Exit status 1: a target was missed.
Names: help, first_call, chains, shortcuts, capacity, rate, overhead, replay, memory, growth, merging,
throughput (embedded model), sweep (its slots and threads).
TEXT
        exit 0 ;;
esac
sh scripts/setup.sh
exec .venv/bin/python tests/benchmarks/benchmark.py "$@"
