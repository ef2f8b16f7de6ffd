#!/bin/sh
# Measure the speed of the program or the gains of optimizers, print one table.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    -h|--help)
        cat <<'TEXT'
Usage: sh scripts/benchmark.sh [-h] [NAME ...]
       sh scripts/benchmark.sh gain [OPTION ...]

Default: all benchmarks except "sweep", about 15 minutes on two idle cores. Exit status 1: a target was missed.
Names: help, first_call, chains, shortcuts, capacity, rate, overhead, replay, memory, growth, merging,
throughput (embedded model), sweep (its slots and threads).

gain [OPTION ...] measures instead what optimizers gain: "gain --help" lists its options.
TEXT
        exit 0 ;;
esac
sh scripts/setup.sh
if [ "${1:-}" = gain ]; then
    shift
    exec .venv/bin/python -m tests.benchmarks.gain "$@"
fi
exec .venv/bin/python tests/benchmarks/benchmark.py "$@"
