#!/bin/sh
# Measure the speed of the program, the gains of optimizers or the savings of races, print one table.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    -h|--help)
        cat <<'TEXT'
Usage: sh scripts/benchmark.sh [-h] [NAME ...]
       sh scripts/benchmark.sh gain|race [OPTION ...]

Default: all benchmarks except "sweep", about 15 minutes on two idle cores. Exit status 1: a target was missed.
Names: help, first_call, chains, shortcuts, capacity, rate, overhead, replay, memory, growth, merging,
throughput (embedded model), sweep (its slots and threads).

gain [OPTION ...] measures instead what optimizers gain, race [OPTION ...] what --validate race saves: "gain --help" and
"race --help" list their options.
TEXT
        exit 0 ;;
esac
sh scripts/setup.sh
case "${1:-}" in
    gain|race)
        name=$1
        shift
        exec .venv/bin/python -m "tests.benchmarks.$name" "$@" ;;
esac
exec .venv/bin/python tests/benchmarks/benchmark.py "$@"
